"""Say whether requirements*.txt are what requirements*.in ask for, without a network; ``--write`` stamps them."""

import hashlib
import re
import sys
from pathlib import Path

STAMP = re.compile(r"^# from (?P<source>\S+) sha256:(?P<digest>[0-9a-f]{64})$", re.MULTILINE)
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^\s;\\]+)(?P<rest>.*(?:\n {4}\S.*)*)", re.MULTILINE
)
FOREIGN = re.compile(r"^\s*(-i\b|--(extra-)?index-url|--find-links|--trusted-host)|://|\bfile:", re.MULTILINE)
LOCKS = ("requirements", "requirements-dev")


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _asked(source: Path) -> set[str]:
    names = re.findall(r"^[A-Za-z0-9._-]+", source.read_text(encoding="utf-8"), re.MULTILINE)
    return {_key(name) for name in names if not name.startswith("-")}


def _pins(lock: Path) -> dict[str, str]:
    text = lock.read_text(encoding="utf-8") if lock.is_file() else ""
    return {_key(match["name"]): match["version"] for match in PIN.finditer(text)}


def _stamp(source: Path) -> str:
    return f"# from {source.name} sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}\n"


def problems(folder: Path) -> list[str]:
    """Return what is out of step between the requirement files in ``folder``, one sentence each; empty if nothing."""
    runtime = _pins(folder / "requirements.txt")
    found = []
    for name in LOCKS:
        source, lock = folder / f"{name}.in", folder / f"{name}.txt"
        text = lock.read_text(encoding="utf-8") if lock.is_file() else ""
        pins = _pins(lock)
        if _stamp(source) not in text:
            found.append(f"{source.name} has changed since {lock.name} was written")
        found += [f"{lock.name} does not pin {missing}" for missing in sorted(_asked(source) - pins.keys())]
        found += [
            f"{lock.name} has no hash for {m['name']}" for m in PIN.finditer(text) if "--hash=sha256:" not in m["rest"]
        ]
        found += [f"{lock.name} names a place: {m.group().strip()}" for m in FOREIGN.finditer(text)]
        found += [
            f"{lock.name} pins another {pin} than requirements.txt" for pin in runtime if pins.get(pin) != runtime[pin]
        ]
    return found


def write(folder: Path) -> None:
    """Stamp each lock in ``folder`` with the checksum of the file it was made from."""
    for name in LOCKS:
        lock = folder / f"{name}.txt"
        text = STAMP.sub("", lock.read_text(encoding="utf-8")).lstrip("\n")
        lock.write_text(_stamp(folder / f"{name}.in") + text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Check (or with ``--write`` stamp) the folder named in ``arguments``, by default the project's own."""
    names = [argument for argument in arguments if argument != "--write"]
    folder = Path(names[0]) if names else Path(__file__).resolve().parent.parent
    if "--write" in arguments:
        write(folder)
    found = problems(folder)
    for problem in found:
        sys.stderr.write(f"{problem}; run ./dev lock\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
