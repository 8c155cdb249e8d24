"""Names are found however they are typed: kanji variants, kana of every width, Latin letters, either order."""

from datetime import date
from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain import lookup, names


def finds(typed: str, family: str, given: str, family_kana: str, given_kana: str) -> bool:
    """Tell whether every typed word begins a part of the person's search key, as the database asks it."""
    key = names.search_key(family, given, family_kana, given_kana)
    return all(any(f"|{word}" in key for word in term.beginnings) for term in lookup.read(typed))


YAMAMOTO = ("山本", "和夫", "ヤマモト", "カズオ")
WATANABE = ("渡邊", "一郎", "ワタナベ", "イチロウ")


@pytest.mark.parametrize(
    "typed",
    [
        "山本", "山本 和夫", "山本和夫", "和夫 山本", "和夫", "山", "ヤマモト", "やまもと", "ﾔﾏﾓﾄ", "ヤマ",
        "カズオ ヤマモト",
        "ヤマモトカズオ", "かずお", "yamamoto", "Yamamoto", "YAMAMOTO", "ｙａｍａｍｏｔｏ", "yamam", "kazuo yamamoto",
        "yamamoto kazuo", "山本　カズオ", "ヤマモト カ",
    ],
)  # fmt: skip
def test_one_person_is_found_by_every_way_to_type_the_name(typed: str) -> None:
    assert finds(typed, *YAMAMOTO)


@pytest.mark.parametrize("typed", ["山田", "ヤマダ", "yamada", "モト", "本", "山本 花子", "%", "_", "y%"])
def test_other_names_and_wild_cards_do_not_find_the_person(typed: str) -> None:
    assert lookup.read(typed) == () or not finds(typed, *YAMAMOTO)


@pytest.mark.parametrize(
    "typed", ["渡辺", "渡邊", "渡邉", "渡邉\U000e0100", "わたなべ いちろう", "watanabe ichiro", "ichirou"]
)
def test_variants_of_a_kanji_find_each_other(typed: str) -> None:
    assert finds(typed, *WATANABE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("髙橋", "高橋"),
        ("山﨑", "山崎"),
        ("齋藤", "斉藤"),
        ("齊藤", "斎藤"),
        ("濱田", "浜田"),
        ("𠮷田", "吉田"),
        ("澤田", "沢田"),
    ],
)
def test_the_variants_of_the_common_names_are_one_name(one: str, other: str) -> None:
    assert names.alike(one, other)


@pytest.mark.parametrize(
    ("typed", "kana"),
    [
        ("sato", "サトウ"), ("satou", "サトウ"), ("satoh", "サトウ"), ("satō", "サトウ"), ("ohno", "オオノ"),
        ("ono", "オオノ"),
        ("yuki", "ユウキ"), ("hattori", "ハットリ"), ("honma", "ホンマ"), ("homma", "ホンマ"), ("junichi",
        "ジュンイチ"),
        ("jun'ichi", "ジュンイチ"), ("shinya", "シンヤ"), ("kyoko", "キョウコ"), ("tsuji", "ツジ"),
        ("hatchobori", "ハッチョウボリ"),
        ("fujii", "フジイ"), ("matsuura", "マツウラ"), ("inoue", "イノウエ"),
    ],
)  # fmt: skip
def test_latin_letters_find_the_reading_with_and_without_long_vowels(typed: str, kana: str) -> None:
    assert finds(typed, "", "", kana, "")


@pytest.mark.parametrize("typed", ["nguyen", "Nguyen Van", "van an", "NGUYEN VAN AN"])
def test_a_foreign_name_is_found_as_it_is_written(typed: str) -> None:
    assert finds(typed, "NGUYEN", "Van An", "グエン", "ヴァン アン")


@pytest.mark.parametrize(
    ("typed", "kana"),
    [
        ("yamamoto", "ヤマモト"), ("watanabe", "ワタナベ"), ("shinohara", "シノハラ"), ("nakamura", "ナカムラ"),
        ("tsuchiya", "ツチヤ"), ("honda", "ホンダ"), ("junichi", "ジュンイチ"), ("hattori", "ハットリ"),
    ],
)  # fmt: skip
def test_every_beginning_of_a_name_in_latin_letters_finds_it(typed: str, kana: str) -> None:
    assert [typed[:n] for n in range(1, len(typed) + 1) if not finds(typed[:n], "", "", kana, "")] == []


def test_a_begun_syllable_narrows_the_search() -> None:
    assert finds("yamam", "", "", "ヤマモト", "")
    assert not finds("yamam", "", "", "ヤマグチ", "")


def test_long_marks_small_kana_and_old_kana_fold_together() -> None:
    assert names.fold("ショーコ") == names.fold("しよこ")
    assert names.fold("ヴァン") == names.fold("ばん")
    assert names.fold("ちづる") == names.fold("チズル")


@pytest.mark.parametrize(
    ("one", "other"), [("ワタナベイチロウ", "ワタナベイチロ"), ("ヤマモトカズオ", "ヤマモトカズヨ")]
)
def test_a_slip_of_the_key_leaves_two_readings_similar(one: str, other: str) -> None:
    assert names.similar(one, other)
    assert not names.similar(one, "コバヤシユキ")


@given(*[st.text("アイウカキクサシ", max_size=7)] * 2)
def test_a_look_at_the_kana_alone_never_hides_a_likeness(one: str, other: str) -> None:
    close = SequenceMatcher(None, one, other, autojunk=False).ratio() >= 0.75
    assert names.similar(one, other) is bool(one and other and close)


@pytest.mark.parametrize("character", ["邊", "ッ", "ヂ", "ー", " ", "Ａ"])
def test_what_is_folded_once_is_folded(character: str) -> None:
    once = names.fold(f"ア{character}ヴァ")
    assert names.fold(once) == once


def test_nothing_typed_is_alike_nothing() -> None:
    assert not names.alike("", "")
    assert not names.similar("", "ヤマモト")


def test_one_box_takes_a_date_a_number_a_ticket_and_words_together() -> None:
    assert lookup.read("S380730")[0].day == date(1963, 7, 30)
    assert lookup.read("昭和38年 7月 30日")[0].day == date(1963, 7, 30)
    assert lookup.read("ａ１２")[0].ticket == "A012"
    assert lookup.read("055433")[0].number == "055433"
    name, day = lookup.read("ヤマモト 19630730")
    assert "ヤマモト" in name.words
    assert day.day == date(1963, 7, 30)


def test_eight_digits_may_be_a_date_and_an_insurance_number_at_once() -> None:
    (term,) = lookup.read("19630730")
    assert (term.day, term.number) == (date(1963, 7, 30), "19630730")


@pytest.mark.parametrize("typed", ["", "  ", "\x00", "　", "|", "--", "%"])
def test_nothing_readable_asks_for_nothing(typed: str) -> None:
    assert lookup.read(typed) == ()


def test_the_longest_text_is_cut_before_it_is_read() -> None:
    assert len(lookup.read("あ" * 5000)[0].words[0]) == lookup.LONGEST


@pytest.mark.parametrize(
    ("family", "given", "by_number", "shown"),
    [
        ("ヤマモト", "カズオ", False, "ヤ．カ"),
        ("やまもと", "かずお", False, "ヤ．カ"),
        ("ヤマモト", "", False, "ヤ"),
        ("", "", False, "—"),
        ("ヤマモト", "カズオ", True, "—"),
    ],
)
def test_hidden_names_leave_initials_unless_the_patient_wants_to_be_a_number(
    family: str, given: str, by_number: bool, shown: str
) -> None:
    assert names.initials(family, given, by_number) == shown


def same_whole(one: tuple[str, str, str, str], other: tuple[str, str, str, str]) -> bool:
    """Tell whether somebody of one name is taken for somebody on file of the other, as the database compares them."""
    kept, asked = names.keys(*one), names.wholes(*other)
    named = kept["whole_name"] in (asked["name"], asked["name_back"])
    return named or kept["whole_kana"] in (asked["kana"], asked["kana_back"])


@pytest.mark.parametrize(
    "other",
    [
        ("山本", "和夫", "", ""),
        ("山元", "数男", "やまもと", "ｶｽﾞｵ"),
        ("和夫", "山本", "カズオ", "ヤマモト"),
        ("ヤマモト", "カズオ", "", ""),
        ("山本", "", "ヤマモト", "カズオ"),
    ],
)
def test_one_whole_name_is_the_same_however_it_was_entered(other: tuple[str, str, str, str]) -> None:
    assert same_whole(YAMAMOTO, other)
    assert all(other[:2]) is False or same_whole(other, YAMAMOTO)


def test_a_reading_written_with_a_long_mark_is_the_reading_written_out() -> None:
    written_out, marked = ("佐藤", "健", "サトウ", "ケン"), ("左藤", "建", "サトー", "ケン")
    assert same_whole(written_out, marked)
    assert same_whole(marked, written_out)


@pytest.mark.parametrize("other", [("山本", "", "", ""), ("山本", "", "ヤマモト", ""), ("山本", "花子", "", "")])
def test_half_a_name_and_another_one_are_nobody_on_file(other: tuple[str, str, str, str]) -> None:
    assert not same_whole(YAMAMOTO, other)
    assert not same_whole(("山本", "", "", ""), other)


@pytest.mark.parametrize("typed", ["tan", "tanak", "nya", "shin'", "junichi", "sasak", "o", "y", "タナ", "佐"])
def test_a_syllable_that_is_still_being_typed_begins_names_and_is_no_whole_one(typed: str) -> None:
    (term,) = lookup.read(typed)
    assert set(term.words) <= set(term.beginnings)
    for word in term.beginnings:  # what is left out lies in what is asked for
        assert any(piece in f"|{word}" for piece in term.begun)
        assert any(piece in f"|{word}" for piece in term.within)
    assert all(one == other or one not in other for one in term.begun for other in term.begun)


def test_whoever_types_tanak_may_mean_tanaka_and_has_not_yet_written_it() -> None:
    (term,) = lookup.read("tanak")
    assert term.whole == ["|tanak|"]
    assert {"|タナカ", "|タナキ", "|タナコ"} <= set(term.begun)
    assert "|タナキヤ" not in term.begun  # whoever is called that begins with タナキ
