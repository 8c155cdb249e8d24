"""The rooms: added, renamed, retired; a retired one is offered to nobody and keeps its name in what happened."""

import pytest

from tests.builders import Clinic, build_clinic
from triage.domain.errors import NotFound, Refused
from triage.services import rooms


def names(clinic: Clinic, retired: bool = False) -> list[str]:
    return [room.name for room in rooms.list_rooms(clinic.nurse, retired)]


def test_a_room_is_added_renamed_retired_and_offered_again(clinic: Clinic) -> None:
    first = rooms.add(clinic.admin, "Room 1", "診察室1")
    rooms.add(clinic.admin, "Room 2")
    rooms.rename(clinic.admin, first, "Room 1a", "診察室1a")
    assert names(clinic) == ["Room 1a", "Room 2"]
    rooms.retire(clinic.admin, first)
    rooms.retire(clinic.admin, first)  # a second press
    assert (names(clinic), names(clinic, retired=True)) == (["Room 2"], ["Room 2", "Room 1a"])
    rooms.retire(clinic.admin, first, back=True)
    assert names(clinic) == ["Room 1a", "Room 2"]


def test_two_rooms_never_bear_one_name(clinic: Clinic) -> None:
    first = rooms.add(clinic.admin, "Room 1")
    second = rooms.add(clinic.admin, "Room 2")
    rooms.retire(clinic.admin, first)
    with pytest.raises(Refused, match="room_name_taken"):
        rooms.add(clinic.admin, " Room 1 ")
    with pytest.raises(Refused, match="room_name_taken"):
        rooms.rename(clinic.admin, second, "Room 1")
    with pytest.raises(Refused, match="name_needed"):
        rooms.add(clinic.admin, " ")


def test_the_rooms_of_another_site_are_out_of_reach(clinic: Clinic) -> None:
    other = build_clinic("branch", clinic.reception.organisation_id, "-b")
    there = rooms.add(other.admin, "Room 1")
    assert names(clinic) == []
    with pytest.raises(NotFound):
        rooms.retire(clinic.admin, there)
