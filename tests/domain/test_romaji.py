"""Kana in Latin letters, for consoles that know no other."""

import pytest

from triage.domain.romaji import romaji, short


@pytest.mark.parametrize(
    ("kana", "letters"),
    [
        ("ヤマモト", "YAMAMOTO"), ("しょういち", "SHOUICHI"), ("ハットリ", "HATTORI"), ("マッチ", "MATCHI"),
        ("シンイチ", "SHINICHI"), ("ジョン", "JON"), ("ファン", "FAN"), ("ウィリアム", "WIRIAMU"), ("ティナ", "TINA"),
        ("デュラン", "DYURAN"), ("ヴァン", "VAN"), ("ｶﾞﾝｼﾞｰ", "GANJI"), ("Müller", "MULLER"), ("チェン", "CHEN"),
    ],
)  # fmt: skip
def test_kana_is_said_in_latin_letters(kana: str, letters: str) -> None:
    assert romaji(kana) == letters


def test_every_kana_has_letters() -> None:
    for code in range(0x30A1, 0x30FB):
        assert romaji(chr(code)) or chr(code) in "ッヷヸヹヺ", chr(code)


def test_a_long_vowel_may_be_left_out() -> None:
    assert [short(name) for name in ("SATOU", "OONO", "YUUKI", "INOUE")] == ["SATO", "ONO", "YUKI", "INOE"]
