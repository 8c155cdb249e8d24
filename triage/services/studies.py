"""The images of an examination, as they come to lie in the archive: matched, followed up, counted; twice is once."""

from sqlalchemy import select

from triage.db import session, verb
from triage.domain import matching
from triage.domain.access import Actor
from triage.domain.matching import StudyStable
from triage.models import ImagingStudy
from triage.services import returned
from triage.services.audit import lock_site, record
from triage.services.encounters import touch


@verb
def take(actor: Actor, said: StudyStable) -> None:
    """Keep a study that lies still in the archive, match it to its order, and let the order follow."""
    receive(actor, said)


def receive(actor: Actor, said: StudyStable) -> None:
    """Do the same inside a use case that writes more: how far the archive's changes have been read."""
    lock_site(session(), actor.site_id)
    study = _find(actor, said)
    if study is None:
        study = _new(actor, said)
        session.add(study)
    elif (study.images, study.archive_key, study.stable_at) == (said.images, said.archive_key, said.stable_at):
        return  # the same word again
    grew = said.images > (study.images or 0)
    is_new = _match(actor, study, said)
    _update(actor, study, said)
    record(
        actor, "images_stored", study=study.id, images=study.images, matched_by=study.matched_by, order=study.order_id
    )
    if is_new:
        returned.note_unmatched(actor, study)
    if study.order_id is not None:
        returned.follow_images(actor, study.order_id, actor.name, is_new, is_new or grew)


def _find(actor: Actor, said: StudyStable) -> ImagingStudy | None:
    query = select(ImagingStudy).where(
        ImagingStudy.site_id == actor.site_id, ImagingStudy.study_uid == said.keys.study_uid
    )
    return session.scalar(query.execution_options(populate_existing=True))


def _new(actor: Actor, said: StudyStable) -> ImagingStudy:
    return ImagingStudy(
        site_id=actor.site_id, study_uid=said.keys.study_uid, archive_key=said.archive_key, stable_at=said.stable_at
    )


def _match(actor: Actor, study: ImagingStudy, said: StudyStable) -> bool:
    """Look for the order of images that have none and were settled by nobody; tell whether this is news."""
    is_first = study.version is None
    if study.order_id is not None or study.settled_at is not None:
        return False
    found = returned.match(actor, said.keys, matching.MODALITIES.get(said.modality, ""))
    study.order_id, study.matched_by = found.order_id, found.by
    return is_first or found.order_id is not None


def _update(actor: Actor, study: ImagingStudy, said: StudyStable) -> None:
    keys = said.keys
    study.archive_key, study.stable_at, study.images = said.archive_key, said.stable_at, said.images
    study.accession, study.patient_number, study.patient_name = keys.accession, keys.patient_number, keys.patient_name
    study.modality, study.description, study.birth_date = said.modality, said.description, said.birth_date
    touch(actor, study)
    session.flush()
