"""Kana as Latin letters, kana by kana: the alphabetic group of a name in DICOM (Yamada^Tarou is its own example)."""

import re
import unicodedata

from triage.domain.names import katakana

_ROWS = """
アaイiウuエeオo カkaキkiクkuケkeコko サsaシshiスsuセseソso タtaチchiツtsuテteトto ナnaニniヌnuネneノno
ハhaヒhiフfuヘheホho マmaミmiムmuメmeモmo ヤyaユyuヨyo ラraリriルruレreロro ワwaヰiヱeヲoンn
ガgaギgiグguゲgeゴgo ザzaジjiズzuゼzeゾzo ダdaヂjiヅzuデdeドdo バbaビbiブbuベbeボbo パpaピpiプpuペpeポpo
ヴvu ァaィiゥuェeォo ャyaュyuョyo ヮwaヵkaヶke
"""
_LETTERS = dict(re.findall(r"([ァ-ヺ])([a-z]+)", _ROWS))
_GLIDES, _VOWELS = "ャュョ", "ァィゥェォ"


def romaji(kana: str) -> str:
    """Return kana as Latin capitals; other letters without their accents, what is neither falls away."""
    letters, doubled = "", False
    for sign in katakana(kana):
        if sign == "ッ":
            doubled = True
            continue
        said = _LETTERS.get(sign) or _plain(sign)
        if sign in _GLIDES or sign in _VOWELS:
            letters, said = _joined(letters, sign, said)
        elif doubled and said:
            letters += "t" if said.startswith("ch") else said[0]
        letters, doubled = letters + said, False
    return letters.upper()


def _joined(before: str, sign: str, said: str) -> tuple[str, str]:
    """Return the letters before a small kana, and what it adds to them: ki+ya kya, shi+ya sha, fu+a fa, u+i wi."""
    if sign in _GLIDES and before.endswith(("i", "te", "de")):
        stem = before[:-1]
        return stem, said[1:] if stem.endswith(("sh", "ch", "j")) else said
    if sign in _VOWELS and len(before) > 1 and before[-1] in "aiueo" and before[-2] not in "aiueo ":
        return before[:-1], said
    if sign in _VOWELS and before.endswith("u"):
        return before[:-1] + "w", said
    return before, said


def _plain(sign: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", sign) if " " <= one <= "~").lower()


def short(letters: str) -> str:
    """Return Latin capitals without the vowels that only lengthen, as a passport has them: SATOU and SATO are one."""
    return re.sub(r"(?<=O)[OU]|(?<=U)U", "", letters)
