"""An item as a scanner gets it: names in three groups, nothing too long, nothing that becomes a question mark."""

import warnings
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.sequence import Sequence
from pynetdicom.dsutils import decode, encode

from triage.adapters.dicom.answering import answer, loss
from triage.adapters.dicom.asking import Asked, read
from triage.adapters.dicom.values import EMPTY, LONGEST, ROOT, STEP, fitted_name
from triage.domain.charsets import CHARSETS, HALF_KANA, KANJI, LATIN, UTF8
from triage.domain.names import normalise
from triage.domain.worklist import Item, Person

ITEM = Item(
    accession="NARA2611250001", study_uid="2.25.1", starts=datetime(2026, 11, 25, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo")),
    station="XRAY1", modality="DX", number="000001", person=Person("山本", "和夫", "ヤマモト", "カズオ"),
)  # fmt: skip


def asked_for_all() -> Asked:
    asked, step = Dataset(), Dataset()
    for keyword in (*ROOT, *(EMPTY - {"ScheduledProtocolCodeSequence"})):
        setattr(asked, keyword, None)
    for keyword in STEP:
        setattr(step, keyword, None)
    asked.ScheduledProcedureStepSequence = Sequence([step])
    return read(asked, UTF8)


ALL = asked_for_all()
NAMES = replace(ALL, root=("PatientName", "Allergies", "RequestingPhysician"), step=("ScheduledStationName",))


def through_the_wire(item: Item, charset: str, asked: Asked = ALL) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the library warns where it loses a sign, or a value is too long
        written = encode(answer(item, asked, charset), True, True)
        assert written is not None
        warnings.simplefilter("ignore")  # what it says of the blank that makes a value's bytes even
        back = decode(BytesIO(written), True, True)
        back.decode()
    return back


@pytest.mark.parametrize(
    ("person", "charset", "name"),
    [
        (ITEM.person, UTF8, "YAMAMOTO^KAZUO=山本^和夫=ヤマモト^カズオ"),
        (ITEM.person, HALF_KANA, "ﾔﾏﾓﾄ^ｶｽﾞｵ=山本^和夫=ヤマモト^カズオ"),
        (ITEM.person, LATIN, "YAMAMOTO^KAZUO"),
        (Person("Müller", "Zoë", "ミュラー", "ゾエ"), KANJI, "MULLER^ZOE==ミュラー^ゾエ"),
        (Person("Smith", "John"), KANJI, "Smith^John"),
        (Person("山本", "和夫"), KANJI, "000001=山本^和夫"),
        (Person("山本", "和夫"), LATIN, "000001"),
        (Person(), UTF8, "000001"),
        (Person("王", "", "オウ"), KANJI, "OU=王=オウ"),
        (Person("山本^=\\", "和夫", "やまもと", "かずお"), HALF_KANA, "ﾔﾏﾓﾄ^ｶｽﾞｵ=山本^和夫=やまもと^かずお"),
    ],
)
def test_a_name_stands_in_its_three_groups(person: Person, charset: str, name: str) -> None:
    item = replace(ITEM, person=person)
    assert str(through_the_wire(item, charset).PatientName) == name


def test_a_name_that_a_scanner_cannot_write_is_told_as_such() -> None:
    assert loss(replace(ITEM, person=Person("髙橋", "翔", "タカハシ", "ショウ")), KANJI) == "replaced"
    assert loss(replace(ITEM, person=Person("草彅", "剛", "クサナギ", "ツヨシ")), KANJI) == "dropped"
    assert loss(replace(ITEM, person=Person("Müller", "Zoë", "ミュラー", "ゾエ")), UTF8) == "replaced"
    assert loss(ITEM, KANJI) == loss(ITEM, UTF8) == loss(ITEM, LATIN) == ""


def test_what_is_recorded_never_looks_like_nothing() -> None:
    item = replace(ITEM, allergies="造影剤", alerts="ペースメーカー", note="転倒\n注意", doctor="佐藤 \\ 洋子")
    old = through_the_wire(item, LATIN)
    assert (old.Allergies, old.MedicalAlerts, old.RequestedProcedureComments) == ("SEE RECORD", "SEE RECORD", "")
    new = through_the_wire(item, KANJI)
    assert (new.Allergies, new.RequestedProcedureComments) == ("造影剤", "転倒 注意")
    assert through_the_wire(replace(item, allergies="彅"), KANJI).Allergies == "〓"


NAME = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=70)


@settings(max_examples=60)
@given(NAME, NAME, st.text(st.characters(min_codepoint=0x30A1, max_codepoint=0x30FC), max_size=70), NAME)
def test_no_name_and_no_text_is_too_long_or_becomes_a_question_mark(
    family: str, given_name: str, kana: str, text: str
) -> None:
    person = Person(family, given_name, kana, "")
    item = replace(ITEM, person=person, allergies=text, note=text * 3, step=text, station_name=text, doctor=text)
    for charset in CHARSETS:
        told = through_the_wire(item, charset, NAMES)
        name = str(told.PatientName)
        assert name
        assert all(len(group) <= LONGEST["PN"] for group in name.split("="))
        assert "?" not in name or "?" in normalise(family + given_name + kana)
        assert str(told.PatientName) == fitted_name(person, "000001", charset)[0]
        assert len(told.ScheduledProcedureStepSequence[0].ScheduledStationName or "") <= LONGEST["SH"]
        assert len(told.Allergies or "") <= LONGEST["LO"]
