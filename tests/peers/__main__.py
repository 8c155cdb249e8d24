"""``python -m tests.peers [NAME]`` says how to get each peer that is missing; the exit status is 1 when one is."""

import sys

from tests.peers.find import PEERS, missing


def main(names: list[str]) -> int:
    """Print the peers in ``names`` (all, when empty) that cannot be had; return the exit status."""
    errors = [error for name in names or PEERS if (error := missing(name))]
    for error in errors:
        sys.stdout.write(f"{error}\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
