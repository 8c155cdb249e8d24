"""Imaging orders of the demonstration said in full: one with everything known, one that waits for a doctor's word."""

from dataclasses import replace

from triage.demo.clinic import Team
from triage.domain.access import Actor
from triage.domain.imaging import Details
from triage.models import ImagingOrder
from triage.services import imaging, imaging_orders, imaging_safety
from triage.services.imaging_safety import Answer

#: Machine -> what a surgeon says of the first open order on it.
_SAID = {
    "ct": Details("ct_myelography", (), "L4-5", "left", "urgent", "MRI禁忌（ペースメーカー）、L4/5狭窄の評価", 3),
    "xray": Details(
        "xray_lumbar", ("ap", "lateral", "flexion", "extension"), "L4-5", "", "routine", "すべりの動態評価"
    ),
}
#: What was heard before the first of them: an anticoagulant, so that a doctor has to write; kidney nobody knows.
_HEARD = {
    "contrast_allergy": Answer("no"), "metal": Answer("yes", "ペースメーカー"),
    "anticoagulant": Answer("yes", "ワルファリン"), "kidney": Answer("not_known"),
}  # fmt: skip


def say_more(team: Team) -> None:
    """Let a surgeon say more of one open order on each machine, and a nurse answer what she could hear."""
    surgeon, nurse = team["surgeon"], team["nurse"]
    for modality, details in _SAID.items():
        waiting = [row for row in imaging.list_orders(surgeon, modality) if row.status in ("requested", "ordered")]
        if not waiting:
            continue
        order, kept = waiting[0], imaging_orders.details_of(waiting[0])
        wanted = replace(details, note=kept.note, acr_variant=kept.acr_variant or details.acr_variant)
        imaging_orders.change(surgeon, order.id, order.version, wanted)
        _answer(nurse, imaging.get(nurse, order.id))


def _answer(nurse: Actor, order: ImagingOrder) -> None:
    standing = {one.question.id: one for one in imaging_safety.standing(order)}
    heard = {name: said for name, said in _HEARD.items() if name in standing}
    heard |= {name: Answer("yes", standing[name].hint) for name in heard if standing[name].hint}
    if heard:
        imaging_orders.answer(nurse, order.id, order.version, heard)
