"""``python -m tests.peers [NAME]`` says how to get each missing peer; exit status 1 when CI wants one of them."""

import sys

from tests.peers.find import PEERS, excused, missing


def main(names: list[str]) -> int:
    """Print the peers in ``names`` (all, when empty) that cannot be had; return the exit status."""
    errors = {name: error for name in names or PEERS if (error := missing(name))}
    for error in errors.values():
        sys.stdout.write(f"{error}\n")
    return 0 if all(excused(name) for name in errors) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
