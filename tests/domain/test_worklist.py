"""What a scanner asks, key by key: names in three scripts, days and times, lists, and what is nonsense."""

from datetime import UTC, datetime, timedelta

import pytest

from triage.adapters.dicom.values import name
from triage.domain import worklist
from triage.domain.worklist import Person
from triage.domain.worklist_query import START_DATE, START_TIME, Nonsense, Query

YAMAMOTO = name(Person("山本", "和夫", "ヤマモト", "カズオ"), "1")
DAY, HOUR = START_DATE, START_TIME


def fits(there: dict[str, str], **keys: str) -> bool:
    return Query(keys).fits(lambda key: there.get(key, ""))


@pytest.mark.parametrize(
    "pattern",
    [
        "YAMAMOTO^KAZUO", "yamamoto*", "YAMA?OTO^*", "*KAZUO", "YAMAMOTO", "^KAZUO", "Yamamoto Kazuo", "=山本*",
        "=山本^和夫", "YAMAMOTO^", "==ヤマモト*", "==やまもと*", "==ﾔﾏﾓﾄ",
        "山本*", "山本　和夫", "やまもと*", "YAMA*=山*=ヤマ*", "", "*", "*^*",
    ],
)  # fmt: skip
def test_a_name_is_found_in_each_script(pattern: str) -> None:
    assert fits({"PatientName": YAMAMOTO}, PatientName=pattern)


@pytest.mark.parametrize(
    "pattern", ["YAMADA*", "=山田*", "==ヤマダ*", "YAMA", "?AMAMOT", "YAMAMOTO=山田", "山", "KAZUO^YAMAMOTO"]
)
def test_another_name_is_not(pattern: str) -> None:
    assert not fits({"PatientName": YAMAMOTO}, PatientName=pattern)


def test_variants_of_a_sign_and_a_long_vowel_are_one() -> None:
    there = {"PatientName": name(Person("髙橋", "翔", "タカハシ", "ショウ"), "1")}
    assert fits(there, PatientName="=高橋*")
    assert fits(there, PatientName="TAKAHASHI^SHO")
    assert fits(there, PatientName="TAKAHASHI^SHOU")


def test_an_accent_may_be_typed_or_left_out() -> None:
    there = {"PatientName": name(Person("Müller", "Zoë", "ミュラー", "ゾエ"), "1")}
    assert fits(there, PatientName="Müller*")
    assert fits(there, PatientName="MULLER^ZOE")
    assert fits(there, PatientName="==みゅらー*")


def test_what_is_not_known_fits_no_key_that_says_something() -> None:
    assert not fits({}, PatientBirthDate="19630730-")
    assert not fits({}, ScheduledPerformingPhysicianName="SATO*")
    assert not fits({}, AccessionNumber="?*")
    assert fits({}, AccessionNumber="*", ScheduledPerformingPhysicianName="")


def test_single_values_wildcards_and_lists() -> None:
    there = {"AccessionNumber": "NARA0001", "Modality": "DX", "StudyInstanceUID": "2.25.7", "PatientID": "a[1]"}
    assert fits(there, AccessionNumber="NARA000?", StudyInstanceUID="2.25.6\\2.25.7", PatientID="a[1]*")
    assert not fits(there, AccessionNumber="nara0001")  # only names are found whatever their case
    assert not fits(there, StudyInstanceUID="2.25")
    assert fits(there, Modality="CR")
    assert not fits(there, Modality="CT")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("20261122", True), ("2026.11.22", True), ("20261121-20261122", True), ("-20261122", True), ("20261122-", True),
        ("20261123-", False), ("20261121", False), ("20261120-20261121", False),
    ],
)  # fmt: skip
def test_days(pattern: str, found: bool) -> None:
    assert fits({DAY: "20261122"}, **{DAY: pattern}) is found


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("093000", True), ("0930", True), ("09", True), ("093000.000000", True), ("0900-1000", True), ("-0930", True),
        ("09:30", True), ("1000-", False), ("0931", False), ("-092959", False),
    ],
)  # fmt: skip
def test_times(pattern: str, found: bool) -> None:
    assert fits({HOUR: "093000"}, **{HOUR: pattern}) is found


@pytest.mark.parametrize(
    ("pattern", "days"),
    [
        ("20261122", ("20261122", "20261122")), ("20261121-20261123", ("20261121", "20261123")),
        ("-20261122", ("", "20261122")), ("20261122-", ("20261122", "")), ("", ("", "")), ("*", ("", "")),
    ],
)  # fmt: skip
def test_the_days_that_can_be_meant(pattern: str, days: tuple[str, str]) -> None:
    assert Query({DAY: pattern, HOUR: "0900-1000"}).days == days


@pytest.mark.parametrize(
    ("day", "hour", "found"),
    [
        (
            "20261121-20261123",
            "1800-0800",
            True,
        ),  # one interval: from the evening of the 21st to the morning of the 23rd
        ("20261122-20261123", "1000-0800", False),
        ("20261121-20261122", "1800-0929", False),
        ("20261122", "0900-1000", True),
        ("20261121-20261123", "0930", True),
        ("20261122-", "0900-", True),
        ("-20261122", "-0900", False),
        ("20261123-", "-2300", False),
    ],
)
def test_a_range_of_days_and_one_of_times_are_one_interval(day: str, hour: str, found: bool) -> None:
    assert fits({DAY: "20261122", HOUR: "093000"}, **{DAY: day, HOUR: hour}) is found


@pytest.mark.parametrize(
    ("key", "pattern"),
    [(DAY, "tomorrow"), (DAY, "20261345"), (DAY, "-"), (HOUR, "2561"), (HOUR, "9"), (DAY, "2026112")],
)
def test_nonsense_is_named_by_its_key_alone(key: str, pattern: str) -> None:
    with pytest.raises(Nonsense, match=f"^{key}$"):
        Query({key: pattern})


def test_no_pattern_keeps_the_search_busy_for_ever() -> None:
    assert not fits({"PatientName": "A" * 64}, PatientName="*A" * 31 + "*B")


def test_what_was_open_yesterday_stands_on_todays_list() -> None:
    opens = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert worklist.begins(None, opens - timedelta(days=1), opens) == opens
    assert worklist.begins(opens - timedelta(days=1), opens - timedelta(days=9), opens) == opens
    assert worklist.begins(None, opens + timedelta(hours=1), opens) == opens + timedelta(hours=1)
    assert worklist.begins(opens + timedelta(days=2), opens, opens) == opens + timedelta(days=2)


def test_a_pregnancy_nobody_asked_about_is_unknown() -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    fresh, stale = ({"answer": "no", "at": (now - timedelta(hours=hours)).isoformat()} for hours in (1, 25))
    assert worklist.pregnancy("female", fresh, now) == worklist.NOT_PREGNANT
    assert worklist.pregnancy("female", stale, now) == worklist.UNKNOWN_IF_PREGNANT
    assert worklist.pregnancy("unknown", {}, now) == worklist.UNKNOWN_IF_PREGNANT
    assert worklist.pregnancy("female", {"answer": "yes"}, now) == worklist.POSSIBLY_PREGNANT
    assert worklist.pregnancy("male", {}, now) is None
