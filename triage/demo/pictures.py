"""Pictures for the virtual scanner: a drawn column of vertebrae, with the examination's identity in their header."""

import math
from datetime import datetime

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

SIDE = 128
#: What is taken over from the worklist item as it was given.
IDENTITY = ("SpecificCharacterSet", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID",
            "AccessionNumber")  # fmt: skip


def draw(item: Dataset, storage: str, modality: str, number: int) -> list[Dataset]:
    """Return ``number`` images of the study that an item of the worklist names."""
    series = generate_uid()
    return [
        _image(item, storage, modality, series, index, _pixels(index / max(1, number - 1))) for index in range(number)
    ]


def _image(item: Dataset, storage: str, modality: str, series: str, index: int, pixels: bytes) -> Dataset:
    image, now = Dataset(), datetime.now().astimezone()
    for name in IDENTITY:
        if name in item:
            image[name] = item[name]
    image.SOPClassUID, image.SOPInstanceUID, image.SeriesInstanceUID = UID(storage), generate_uid(), series
    image.Modality, image.InstanceNumber, image.SeriesNumber = modality, index + 1, 1
    image.StudyDate = image.SeriesDate = image.ContentDate = f"{now:%Y%m%d}"
    image.StudyTime = image.SeriesTime = image.ContentTime = f"{now:%H%M%S}"
    image.StudyDescription = image.SeriesDescription = "Drawn for the demonstration"
    image.StudyID, image.ReferringPhysicianName, image.Manufacturer = "", "", "Virtual scanner"
    image.Rows = image.Columns = SIDE
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit, image.PixelRepresentation, image.PixelData = 7, 0, pixels
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = UID(storage)
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    return image


def _pixels(turn: float) -> bytes:
    """Return five vertebrae with a gentle curve, seen from the front (0) to the side (1)."""
    return bytes(_shade(x, y, turn) for y in range(SIDE) for x in range(SIDE))


def _shade(x: int, y: int, turn: float) -> int:
    middle = SIDE / 2 + turn * 14 * math.sin(y / SIDE * math.pi)
    across, along = abs(x - middle), y % 25
    body = across < 22 - 4 * turn and 3 < along < 20
    edge = body and (across > 19 - 4 * turn or along in (4, 19))
    return 235 if edge else 170 if body else max(0, int(70 - across))
