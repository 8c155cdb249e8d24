"""No sign of a name is lost unseen: it is written as it is, as the table says, or the group is left out."""

import unicodedata
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import convert_encodings, decode_bytes, encode_string

from triage.domain import charsets
from triage.domain.charsets import CHARSETS, HALF_KANA, INSTEAD, KANJI, LATIN, UTF8, half_width, sentence, written

#: Every sign of JIS X 0208, row by row.
JIS = [
    sign
    for row in range(0x21, 0x7F)
    for cell in range(0x21, 0x7F)
    if (sign := (b"\x1b$B" + bytes([row, cell]) + b"\x1b(B").decode("iso2022_jp", "ignore"))
]
#: What Windows has beyond it, the compatibility ideographs, and the first of the extensions.
EXTENDED = [
    *(bytes([lead, trail]).decode("cp932", "ignore") for lead in range(0xFA, 0xFD) for trail in range(0x40, 0xFD)),
    *map(chr, range(0xF900, 0xFB00)),
    *map(chr, range(0x3400, 0x3500)),
    *map(chr, range(0x20000, 0x20100)),
    "𠮷",
]


def through_the_library(text: str, charset: str) -> str:
    encodings = convert_encodings(list(CHARSETS[charset]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it warns where it writes a question mark
        return decode_bytes(encode_string(text, encodings), encodings, set())


@pytest.mark.parametrize("charset", [KANJI, HALF_KANA])
def test_every_sign_of_the_japanese_standard_comes_back_as_it_was(charset: str) -> None:
    assert len(JIS) == 6879
    for sign in JIS:
        found = written(sign, charset)
        assert (found.text, found.replaced, found.lost) == (sign, "", "")
        assert through_the_library(sign, charset) == sign


@pytest.mark.parametrize("charset", [KANJI, HALF_KANA])
def test_a_sign_beyond_the_standard_is_replaced_or_named_as_lost_and_never_becomes_a_question_mark(
    charset: str,
) -> None:
    for sign in filter(str.strip, EXTENDED):
        found = written(sign, charset)
        assert found.lost == sign or found.replaced == sign or found.text == sign
        assert "?" not in through_the_library(found.text, charset)
        assert bool(found.text) != bool(found.lost)


@given(st.text(st.sampled_from([*JIS, *filter(str.strip, EXTENDED), *"Ab ｶﾞ"]), max_size=12))
def test_a_name_is_kept_replaced_by_the_table_or_known_to_be_incomplete(text: str) -> None:
    for charset in (KANJI, HALF_KANA):
        found = written(text, charset)
        back = through_the_library(found.text, charset)
        assert back == found.text
        assert "?" not in back
        if not found.replaced and not found.lost:
            assert back == text


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20))
def test_nothing_is_lost_in_utf8(text: str) -> None:
    assert written(text, UTF8) == charsets.Written(text)
    assert through_the_library(text, UTF8) == text


@pytest.mark.parametrize(
    ("name", "instead"),
    [("髙橋", "高橋"), ("山﨑", "山崎"), ("𠮷田", "吉田"), ("神", "神"), ("葛\U000e0100城", "葛城")],
)
def test_the_table_says_what_stands_for_a_sign(name: str, instead: str) -> None:
    assert written(name, KANJI).text == instead
    assert not written(name, KANJI).lost


def test_what_no_table_knows_is_named() -> None:
    assert written("草彅", KANJI) == charsets.Written("草", "", "彅")
    assert sentence("草彅様", KANJI) == "草〓様"
    assert sentence("造影剤アレルギー", LATIN) == ""


def test_the_table_replaces_only_what_the_standard_does_not_have_by_what_it_has() -> None:
    assert all(not charsets.has(sign, KANJI) and charsets.has(instead, KANJI) for sign, instead in INSTEAD.items())


def test_kana_becomes_half_width_and_back() -> None:
    wide = "ガギパポヴァンーッ・ヲ"
    assert half_width(wide) == "ｶﾞｷﾞﾊﾟﾎﾟｳﾞｧﾝｰｯ･ｦ"
    assert unicodedata.normalize("NFKC", half_width(wide)) == wide
