"""To which order a machine's keys belong: another patient's number is never a match."""

import pytest

from triage.domain.matching import Candidate, Keys, Match, match

ONE = Candidate("one", "1.1", "NARA1", "ct", frozenset({"000001", "OLD-1"}))
TWO = Candidate("two", "1.2", "NARA2", "xray", frozenset({"000002"}))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (Keys("1.1", "NARA1", "000001"), Match("one", "study_uid")),
        (Keys("1.1", "", "OLD-1"), Match("one", "study_uid")),
        (Keys("1.1", "", ""), Match("one", "study_uid")),
        (Keys("1.1", "NARA2", "000001"), Match("one", "study_uid")),
        (Keys("9.9", "NARA1", "000001"), Match("one", "accession")),
        (Keys("", "NARA1", "OLD-1"), Match("one", "accession")),
        (Keys("1.1", "NARA1", "000002"), Match(None, why="other_patient")),
        (Keys("", "NARA1", "000002"), Match(None, why="other_patient")),
        (Keys("", "NARA1", ""), Match(None, why="other_patient")),
        (Keys("9.9", "NARA9", "000001"), Match(None, why="nobodys")),
        (Keys("", "", "000001", "YAMAMOTO"), Match(None, why="no_keys")),
    ],
)
def test_the_study_uid_counts_first_then_accession_and_patient_together(keys: Keys, expected: Match) -> None:
    assert match(keys, (ONE, TWO)) == expected


@pytest.mark.parametrize(("modality", "why"), [("ct", ""), ("", ""), ("xray", "other_machine")])
def test_a_machine_of_another_modality_is_no_match(modality: str, why: str) -> None:
    assert match(Keys("1.1", "", "000001"), (ONE, TWO), modality).why == why


def test_an_order_without_keys_is_not_meant_by_keys_that_are_missing() -> None:
    bare = Candidate("bare", "", "", "ct", frozenset({"000001"}))
    assert match(Keys("", "", "000001"), [bare]).order_id is None
    assert match(Keys("9.9", "", "000001"), [bare]).order_id is None
