"""A throw-away image archive: Orthanc in a folder of its own, gone when the tests end."""

import functools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import urllib3
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from tests.peers.find import dcmtk_path, orthanc_path
from tests.peers.postgres import _at_exit
from tests.served import free_port

USER, WORD = "triage", "word"
#: The AE titles: the archive's own, a scanner's that it knows, and one that it does not.
ARCHIVE, KNOWN, UNKNOWN = "ARCHIVE", "CT1", "EVIL"
#: Seconds after which a study lies still, and until the archive must answer.
STABLE, PATIENCE = 1, 20.0


class Orthanc:
    """One archive on free ports; it can be stopped, started again, and started with nothing in it."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="triage-orthanc-"))
        self.http, self.dicom = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.http}"
        self._pool = urllib3.PoolManager(headers=urllib3.make_headers(basic_auth=f"{USER}:{WORD}"), retries=False)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, emptied: bool = False) -> None:
        """Start it and wait until it answers; ``emptied``: as it was installed."""
        data = self.home / "data"
        if emptied:
            shutil.rmtree(data, ignore_errors=True)
        data.mkdir(exist_ok=True)
        (self.home / "config.json").write_text(json.dumps(self._settings(data)), encoding="utf-8")
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen([orthanc_path(), self.home / "config.json"], stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE
        while not self._answers():
            if time.monotonic() > until or self._process.poll() is not None:
                raise RuntimeError((self.home / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)

    def _settings(self, data: Path) -> dict[str, Any]:
        return {
            "Name": "Test archive", "StorageDirectory": str(data), "IndexDirectory": str(data), "Plugins": [],
            "HttpPort": self.http, "DicomPort": self.dicom, "DicomAet": ARCHIVE, "StableAge": STABLE,
            "AuthenticationEnabled": True, "RegisteredUsers": {USER: WORD}, "RemoteAccessAllowed": False,
            "DicomAlwaysAllowStore": False, "DicomModalities": {"ct": [KNOWN, "127.0.0.1", 104]},
        }  # fmt: skip

    def _answers(self) -> bool:
        try:
            return self._pool.request("GET", f"{self.url}/system", timeout=2).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def stop(self, at_once: bool = False) -> None:
        """Stop it; what it holds stays on its disk, unless it is stopped ``at_once``."""
        if self._process is not None:
            (self._process.kill if at_once else self._process.terminate)()
            self._process.wait(timeout=PATIENCE)
            self._process = None

    def ask(self, path: str, method: str = "GET") -> Any:
        """Return what it answers, as data."""
        answer = self._pool.request(method, self.url + path, timeout=5)
        return json.loads(answer.data or b"null")

    def forget(self) -> None:
        """Delete every study and the list of changes; its numbers go on."""
        for key in self.ask("/studies"):
            self.ask(f"/studies/{key}", "DELETE")
        self.ask("/changes", "DELETE")

    def store(self, files: Sequence[Path], title: str = KNOWN) -> bool:
        """Send files as a scanner does, with DCMTK's storescu; tell whether it took them."""
        command = [dcmtk_path("storescu"), "-aet", title, "-aec", ARCHIVE, "127.0.0.1", str(self.dicom), *files]
        return subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False).returncode == 0

    def wait_until_stable(self, study_uid: str) -> None:
        """Wait until it says in its list of changes that the study lies still."""
        until = time.monotonic() + PATIENCE
        while not any(line["ChangeType"] == "StableStudy" for line in self._lines_of(study_uid)):
            if time.monotonic() > until:
                raise TimeoutError(study_uid)
            time.sleep(0.05)

    def _lines_of(self, study_uid: str) -> list[dict[str, Any]]:
        known = {key for key in self.ask("/studies") if self._uid(key) == study_uid}
        return [line for line in self.ask("/changes?since=0&limit=1000")["Changes"] if line["ID"] in known]

    def _uid(self, key: str) -> str:
        return str(self.ask(f"/studies/{key}")["MainDicomTags"]["StudyInstanceUID"])


@functools.cache
def archive() -> Orthanc:
    """Return an archive that runs until this process ends; raises PeerMissing."""
    made = Orthanc()
    _at_exit(shutil.rmtree, made.home, True)
    _at_exit(made.stop)
    made.start()
    return made


def draw(path: Path, study_uid: str, accession: str = "", number: str = "", **tags: Any) -> Path:
    """Write a tiny CT image as a scanner makes it, 4 by 4 points."""
    image, meta = Dataset(), FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
    meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = generate_uid()
    image.file_meta, image.SOPClassUID, image.SpecificCharacterSet = meta, CTImageStorage, "ISO_IR 192"
    usual = {
        "PatientName": "Yamamoto^Kazuo=山本^和夫=ヤマモト^カズオ", "PatientID": number, "PatientBirthDate": "19630730",
        "StudyInstanceUID": study_uid, "SeriesInstanceUID": generate_uid(), "AccessionNumber": accession,
        "Modality": "CT", "StudyDescription": "腰椎CT", "StudyDate": "20261122", "StudyTime": "100000",
        "Rows": 4, "Columns": 4, "BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0,
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "PixelData": bytes(32),
    }  # fmt: skip
    for keyword, value in (usual | tags).items():
        setattr(image, keyword, value)
    image.save_as(path, enforce_file_format=True)
    return path
