"""What the listening process does before the first scanner calls, and what the list leaves out."""

from tests.builders import Clinic
from tests.services.test_imaging import again, asked, ordered, payloads
from tests.worklist.machines import add_scanner
from triage.db import session, verb
from triage.domain.access import Actor
from triage.models import ImagingOrder
from triage.services import scanners, worklist
from triage.services.audit import record


@verb
def forget_keys(actor: Actor, order_id: str) -> None:
    """Let an order be from before the product knew scanners."""
    order = session.get_one(ImagingOrder, order_id)
    order.accession = order.study_uid = None
    record(actor, "worklist_keys_given", orders=[])


def test_what_was_ordered_before_there_were_scanners_is_made_known_to_them_once(clinic: Clinic) -> None:
    add_scanner(clinic.admin)
    order = ordered(clinic)
    asked(clinic)
    forget_keys(clinic.surgeon, order.id)
    xray = scanners.find("XRAY1")
    assert xray is not None
    assert list(worklist.waiting(xray)) == []
    assert worklist.prepare() == 1
    (item,) = worklist.waiting(xray)
    session.close()
    assert item.accession == again(clinic, order).accession
    assert payloads("worklist_keys_given")[-1] == {"orders": [order.id]}
    assert worklist.prepare() == 0


def test_an_examination_that_no_machine_here_can_do_is_on_no_list(clinic: Clinic) -> None:
    add_scanner(clinic.admin, "CT1", "ct")
    ordered(clinic, "xray")
    ct = scanners.find("CT1")
    assert ct is not None
    assert list(worklist.waiting(ct)) == []
