"""The page of the scanners as the browser sees it: added, changed, refused at the field, and looked at by others."""

from collections.abc import Callable

from flask.testing import FlaskClient

from tests.builders import Clinic
from tests.served import free_port
from triage.domain.machines import ScannerValues
from triage.services import scanners

SignIn = Callable[[str], FlaskClient]
TYPED = {
    "name": "CT 1", "ae_title": "CT1", "modality": "ct", "room": "", "host": "192.0.2.7", "port": "104",
    "charset": "ir87", "mpps": "y",
}  # fmt: skip


def test_an_administrator_adds_a_scanner_and_changes_it(signed_in: SignIn, clinic: Clinic) -> None:
    admin = signed_in("admin")
    assert admin.post("/scanners", data=TYPED).status_code == 303
    (made,) = scanners.list_scanners(clinic.admin)
    assert (made.ae_title, made.port, made.charset, made.tls, made.mpps) == ("CT1", 104, "ir87", False, True)
    changed = TYPED | {"version": "1", "port": "１１１１２", "tls": "y"}
    assert admin.post(f"/scanners/{made.id}/description", data=changed).status_code == 303
    shown = admin.get("/scanners").text
    assert "192.0.2.7:11112" in shown
    assert admin.post(f"/scanners/{made.id}/retirement").status_code == 303
    assert "Retired" in admin.get("/scanners").text


def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(signed_in: SignIn, clinic: Clinic) -> None:
    admin = signed_in("admin")
    answer = admin.post("/scanners", data=TYPED | {"ae_title": "CT\\1", "host": "http://ct", "port": "70000"})
    assert answer.status_code == 422
    for said in ("no backslash", "neither a name nor an address", "from 1 to 65535", "CT\\1", "http://ct", "70000"):
        assert said in answer.text
    scanners.add(clinic.admin, ScannerValues("CT 0", "CT1", "ct", "utf8"))
    again = admin.post("/scanners", data=TYPED)
    assert again.status_code == 422
    assert "Another scanner has or had this AE title." in again.text


def test_who_was_slower_sees_what_stands_now_and_keeps_the_own_words(signed_in: SignIn, clinic: Clinic) -> None:
    made = scanners.add(clinic.admin, ScannerValues("CT 1", "CT1", "ct", "utf8", port=104))
    scanners.change(clinic.admin, made, 1, ScannerValues("CT 1", "CT1", "ct", "utf8", port=11112))
    answer = signed_in("admin").post(f"/scanners/{made}/description", data=TYPED | {"version": "1", "name": "CT one"})
    assert answer.status_code == 409
    assert "11112" in answer.text
    assert 'value="CT one"' in answer.text


def test_a_scanner_that_may_ask_from_anywhere_is_marked(signed_in: SignIn, clinic: Clinic) -> None:
    scanners.add(clinic.admin, ScannerValues("CT 1", "CT1", "ct", "utf8"))
    assert "From anywhere" in signed_in("admin").get("/scanners").text


def test_a_radiographer_looks_and_changes_nothing(signed_in: SignIn, clinic: Clinic) -> None:
    made = scanners.add(clinic.admin, ScannerValues("CT 1", "CT1", "ct", "utf8"))
    radiographer = signed_in("radiographer")
    shown = radiographer.get("/scanners")
    assert "CT1" in shown.text
    assert f"/scanners/{made}" not in shown.text
    assert radiographer.post(f"/scanners/{made}/retirement").status_code == 403
    assert signed_in("nurse").get("/scanners").status_code == 403


def test_a_connection_is_tried_with_and_without_javascript(signed_in: SignIn, clinic: Clinic) -> None:
    scanner = ScannerValues("CT 1", "CT1", "ct", "utf8", host="127.0.0.1", port=free_port())
    made, admin = scanners.add(clinic.admin, scanner), signed_in("admin")
    whole = admin.post(f"/scanners/{made}/test")
    part = admin.post(f"/scanners/{made}/test", headers={"HX-Request": "true"})
    assert "The machine refuses the connection." in whole.text
    assert "The machine refuses the connection." in part.text
    assert ("<h1" in whole.text, "<h1" in part.text) == (True, False)
    assert signed_in("radiographer").post(f"/scanners/{made}/test").status_code == 403
