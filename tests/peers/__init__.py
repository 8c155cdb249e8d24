"""The real programs that tests talk to: PostgreSQL, Chromium, DCMTK. Found where they are, never imitated."""

from tests.peers.find import CHROMIUM_ARGS, PeerMissing, chromium_path, dcmtk_path, missing
from tests.peers.postgres import create_database, drop_database, postgres_url

__all__ = [
    "CHROMIUM_ARGS",
    "PeerMissing",
    "chromium_path",
    "create_database",
    "dcmtk_path",
    "drop_database",
    "missing",
    "postgres_url",
]
