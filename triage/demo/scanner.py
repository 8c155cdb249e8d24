"""A virtual scanner: asks the worklist, says what it begins and ends, and sends images. Of no patient who exists."""

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)
from pynetdicom.ae import ApplicationEntity as AE
from pynetdicom.association import Association

from triage.demo import pictures

#: SOP classes of the worklist and of the performed procedure step (DICOM PS3.4 K and F).
ModalityWorklistInformationFind = "1.2.840.10008.5.1.4.31"
ModalityPerformedProcedureStep = "1.2.840.10008.3.1.2.3.3"
#: What each kind of machine sends. A radiograph goes as a computed one: those need the fewest particulars.
STORAGE = {"CT": CTImageStorage, "MR": MRImageStorage, "DX": ComputedRadiographyImageStorage}
MODALITY = {"DX": "CR"}
#: The status in which the radiographer has checked who it is: from here on the scanner may begin.
READY = "READY"
ACCEPTED = 0x0000


@dataclass(frozen=True)
class Place:
    """Where a service listens, and by which title it is called."""

    host: str
    port: int
    ae_title: str


class Failed(RuntimeError):
    """A service could not be reached or refused what was sent."""


@dataclass(frozen=True)
class Scanner:
    """One machine: its own title, the modality it images, and whom it talks to."""

    ae_title: str
    modality: str
    worklist: Place
    archive: Place
    stores: bool = True  # whether there is an archive to send images to

    def look(self) -> list[Dataset]:
        """Return the worklist's items of this machine."""
        with _Line(self.ae_title, self.worklist, [ModalityWorklistInformationFind]) as line:
            answers = line.send_c_find(self._question(), ModalityWorklistInformationFind)
            return [item for status, item in answers if status and status.Status in (0xFF00, 0xFF01) and item]

    def _question(self) -> Dataset:
        step, asked = Dataset(), Dataset()
        step.Modality, step.ScheduledStationAETitle = "", self.ae_title  # whatever is done at this machine
        for name in ("ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime", "ScheduledProcedureStepID"):
            setattr(step, name, "")
        step.ScheduledProcedureStepDescription = step.ScheduledProcedureStepStatus = ""
        for name in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID"):
            setattr(asked, name, "")
        asked.AccessionNumber = asked.RequestedProcedureID = asked.RequestedProcedureDescription = ""
        asked.ScheduledProcedureStepSequence = [step]
        return asked

    def begin(self, item: Dataset) -> str:
        """Tell that the examination begins (MPPS N-CREATE) and return the step's UID."""
        uid = generate_uid()
        with _Line(self.ae_title, self.worklist, [ModalityPerformedProcedureStep]) as line:
            _check(line.send_n_create(self._begun(item), ModalityPerformedProcedureStep, uid)[0], "N-CREATE")
        return uid

    def _begun(self, item: Dataset) -> Dataset:
        planned, said, refers = item.ScheduledProcedureStepSequence[0], Dataset(), Dataset()
        refers.StudyInstanceUID, refers.AccessionNumber = item.StudyInstanceUID, item.AccessionNumber
        refers.RequestedProcedureID = item.RequestedProcedureID
        refers.RequestedProcedureDescription = item.get("RequestedProcedureDescription", "")
        refers.ScheduledProcedureStepID = planned.ScheduledProcedureStepID
        refers.ScheduledProcedureStepDescription = planned.get("ScheduledProcedureStepDescription", "")
        refers.ReferencedStudySequence, refers.ScheduledProtocolCodeSequence = [], []
        said.SpecificCharacterSet = item.get("SpecificCharacterSet", "ISO_IR 192")
        for name in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
            setattr(said, name, item.get(name, ""))
        said.ScheduledStepAttributesSequence, said.ReferencedPatientSequence = [refers], []
        said.PerformedProcedureStepID, said.PerformedStationAETitle = item.RequestedProcedureID, self.ae_title
        said.PerformedStationName = said.PerformedLocation = said.PerformedProcedureStepDescription = ""
        said.PerformedProcedureTypeDescription, said.ProcedureCodeSequence = "", []
        said.Modality, said.StudyID, said.PerformedProtocolCodeSequence = self.modality, "", []
        said.PerformedProcedureStepStatus, said.PerformedSeriesSequence = "IN PROGRESS", []
        said.PerformedProcedureStepStartDate, said.PerformedProcedureStepStartTime = _now()
        said.PerformedProcedureStepEndDate = said.PerformedProcedureStepEndTime = ""
        return said

    def end(self, uid: str, images: Iterable[Dataset]) -> None:
        """Tell that the examination is done (MPPS N-SET COMPLETED) and which images were made."""
        sent, said = list(images), Dataset()
        series = Dataset()
        series.SeriesInstanceUID = sent[0].SeriesInstanceUID
        series.SeriesDescription = series.RetrieveAETitle = series.PerformingPhysicianName = ""
        series.ProtocolName, series.OperatorsName = "spine", ""
        series.ReferencedImageSequence = [_refers(image) for image in sent]
        series.ReferencedNonImageCompositeSOPInstanceSequence = []
        said.PerformedSeriesSequence, said.PerformedProcedureStepStatus = [series], "COMPLETED"
        said.PerformedProcedureStepEndDate, said.PerformedProcedureStepEndTime = _now()
        with _Line(self.ae_title, self.worklist, [ModalityPerformedProcedureStep]) as line:
            _check(line.send_n_set(said, ModalityPerformedProcedureStep, uid)[0], "N-SET")

    def make(self, item: Dataset) -> list[Dataset]:
        """Return the images of an examination: a drawing, in as many slices as the machine makes."""
        number = 3 if self.modality in ("CT", "MR") else 2
        storage = STORAGE.get(self.modality, SecondaryCaptureImageStorage)
        return pictures.draw(item, storage, MODALITY.get(self.modality, self.modality), number)

    def store(self, images: list[Dataset]) -> None:
        """Send images to the archive (C-STORE)."""
        with _Line(self.ae_title, self.archive, [images[0].SOPClassUID]) as line:
            for image in images:
                _check(line.send_c_store(image), "C-STORE")

    def examine(self, item: Dataset, last: Callable[[], None] = lambda: None) -> None:
        """Do the whole examination of one item; ``last`` lets time pass between its beginning and its images."""
        uid = self.begin(item)
        last()
        images = self.make(item)
        if self.stores:
            self.store(images)
        self.end(uid, images)


def is_ready(item: Dataset) -> bool:
    """Tell whether a person has let the examination of this item begin."""
    return bool(item.ScheduledProcedureStepSequence[0].get("ScheduledProcedureStepStatus", "") == READY)


def _now() -> tuple[str, str]:
    now = datetime.now().astimezone()  # a scanner tells the time of its own wall
    return f"{now:%Y%m%d}", f"{now:%H%M%S}"


def _refers(image: Dataset) -> Dataset:
    found = Dataset()
    found.ReferencedSOPClassUID, found.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    return found


def _check(status: Dataset, what: str) -> None:
    if "Status" not in status or status.Status != ACCEPTED:
        raise Failed(f"{what}: {status.get('Status', 'no answer')}")


def _knock(place: Place) -> None:
    """Raise Failed where nobody listens: the library would leave the socket of such a try open."""
    try:
        socket.create_connection((place.host, place.port), timeout=10).close()
    except OSError as error:
        raise Failed(f"{place.ae_title} at {place.host}:{place.port} does not answer") from error


class _Line:
    """An association for as long as something is said; raises Failed where nobody answers."""

    def __init__(self, own: str, place: Place, classes: list[str]) -> None:
        entity = AE(ae_title=own)
        for name in classes:
            entity.add_requested_context(name, ExplicitVRLittleEndian)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = 10
        _knock(place)
        self.made = entity.associate(place.host, place.port, ae_title=place.ae_title)
        if not self.made.is_established:
            raise Failed(f"{place.ae_title} at {place.host}:{place.port} does not answer or does not know {own}")

    def __enter__(self) -> Association:
        return self.made

    def __exit__(self, *_error: object) -> None:
        self.made.release()
