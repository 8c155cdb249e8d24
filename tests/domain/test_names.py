"""A name is found however it is written: kanji variants, kana of every width, Latin letters, either order."""

import pytest

from triage.domain import lookup, names

KEY = names.search_key("渡邊", "一郎", "ワタナベ", "イチロウ")


def finds(typed: str, key: str = KEY) -> bool:
    """Tell whether the typed words fit a patient with this key, as the search asks the database."""
    return all(any(f"|{word}" in key for word in term.words) for term in lookup.read(typed))


@pytest.mark.parametrize(
    "typed",
    [
        "渡邊", "渡辺", "渡邉", "渡邊一郎", "渡辺 一郎", "一郎 渡辺", "一郎", "ワタナベ", "わたなべ", "ﾜﾀﾅﾍﾞ",
        "わたなべ いちろう", "いちろう わたなべ", "ワタナベイチロウ", "watanabe", "WATANABE", "Watanabe Ichiro",
        "ichiro watanabe", "ichirou", "ichirō", "Ichiroh", "wata", "watan", "watana", "わた", "  ワタナベ  ",
    ],
)  # fmt: skip
def test_one_patient_in_every_way_the_name_is_typed(typed: str) -> None:
    assert finds(typed)


@pytest.mark.parametrize("typed", ["渡部", "ワタリ", "tanabe", "二郎", "ロウ", "邊", "watanabe jiro", "|", "%", "_"])
def test_another_name_finds_somebody_else(typed: str) -> None:
    assert not lookup.read(typed) or not finds(typed)


@pytest.mark.parametrize(
    ("family", "kana", "typed"),
    [
        ("髙橋", "タカハシ", "高橋"),
        ("山﨑", "ヤマザキ", "山崎"),
        ("齋藤", "サイトウ", "斉藤"),
        ("斎藤", "サイトウ", "齊藤"),
        ("𠮷田", "ヨシダ", "吉田"),
        ("濱田", "ハマダ", "浜田"),
        ("佐藤", "サトウ", "sato"),
        ("佐藤", "サトウ", "satou"),
        ("佐藤", "サトウ", "satoh"),
        ("大野", "オオノ", "ono"),
        ("大野", "オオノ", "ohno"),
        ("服部", "ハットリ", "hattori"),
        ("新田", "ニッタ", "nitta"),
        ("本間", "ホンマ", "homma"),
        ("本間", "ホンマ", "honma"),
        ("神保", "ジンボ", "jimbo"),
        ("井ノ内", "イノウチ", "inouchi"),
        ("加藤", "カトウ", "カトー"),
        ("辻󠄀", "ツジ", "辻"),
    ],
)
def test_variants_of_kanji_and_of_latin_spelling_are_one(family: str, kana: str, typed: str) -> None:
    assert finds(typed, names.search_key(family, "", kana, ""))


def test_a_passport_name_is_found_in_either_order_and_without_regard_to_case() -> None:
    key = names.search_key("Nguyen", "Thi Lan", "グエン", "ティラン")
    assert all(finds(typed, key) for typed in ("nguyen", "NGUYEN THI LAN", "Thi Lan Nguyen", "グエン", "guen"))


def test_an_empty_word_finds_nobody_and_a_part_is_never_empty() -> None:
    assert lookup.read("  　 ") == ()
    assert names.search_key("", "", "", "") == "||"
    assert "||" not in names.search_key("山本", "", "", "")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ｶﾀｶﾅ", "カタカナ"),
        ("ひらがな", "ヒラガナ"),
        ("Müller", "Müller"),
        ("漢字", "漢字"),
        ("ヴァン", "ヴァン"),
        ("", ""),
    ],
)
def test_a_reading_becomes_full_width_katakana_and_nothing_else_changes(typed: str, kept: str) -> None:
    assert names.katakana(typed) == kept


@pytest.mark.parametrize(
    ("left", "right", "like"),
    [
        ("渡邊", "渡辺", True), ("ワタナベ", "わたなべ", True), ("Sato", "SATO", True), ("山本", "山下", False),
        ("", "", False), ("山本", "", False),
    ],
)  # fmt: skip
def test_names_are_alike_when_only_the_spelling_differs(left: str, right: str, like: bool) -> None:
    assert names.alike(left, right) is like


def test_a_slip_of_the_key_is_similar_and_another_name_is_not() -> None:
    assert names.similar("ヤマモトカズオ", "ヤマモトカズヲ")
    assert names.similar("ヤマモトカズオ", "ヤマモトカスオ")
    assert not names.similar("ヤマモトカズオ", "タナカハルコ")
    assert not names.similar("", "")


@pytest.mark.parametrize("typed", ["\x00", "\ud800", "|", "%_\\", "a" * 100_000, "ん" * 50_000, "😀", "' OR 1=1 --"])
def test_garbage_is_read_without_an_error_and_in_no_time(typed: str) -> None:
    assert len(lookup.read(typed)) <= lookup.LONGEST
    names.search_key(typed[:100], typed[:100], typed[:100], typed[:100])
