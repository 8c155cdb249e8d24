"""Questions about a patient: between which roles, and whose turn it is."""

from collections.abc import Collection

#: Who is asked -> who asks.
ASKED_BY = {"nurse": "surgeon", "surgeon": "nurse"}


def may_ask(roles: Collection[str], to_role: str) -> bool:
    """Tell whether somebody with these roles may ask this role."""
    return ASKED_BY.get(to_role) in roles


def may_answer(roles: Collection[str], to_role: str) -> bool:
    """Tell whether somebody with these roles may answer what this role is asked."""
    return to_role in ASKED_BY and to_role in roles


def may_end(roles: Collection[str], to_role: str) -> bool:
    """Tell whether somebody may end the question: everybody of the role that asked, for who asked may have gone."""
    return may_ask(roles, to_role)
