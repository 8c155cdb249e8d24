"""Names as they are searched: kanji variants, kana of every width, and Latin letters fold into one key."""

import re
import unicodedata

#: A kanji that families write differently and desks type as it comes, and the one it is searched by.
_PAIRS = """
邊辺 邉辺 髙高 﨑崎 嵜崎 齋斉 齊斉 斎斉 濱浜 濵浜 𠮷吉 澤沢 櫻桜 嶋島 廣広 國国
眞真 惠恵 龍竜 條条 德徳 黑黒 瀨瀬 曾曽 增増 藏蔵 榮栄 圓円 實実 藪薮
"""
VARIANTS = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split()})
_SMALL = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_SAME = str.maketrans({"ヴ": "ブ", "ヂ": "ジ", "ヅ": "ズ", "ヲ": "オ", "ー": None, "・": None, "゛": None})
#: Hepburn syllables, longest first, to katakana.
_SYLLABLES = """
kya:キヤ kyu:キユ kyo:キヨ sha:シヤ shu:シユ sho:シヨ cha:チヤ chu:チユ cho:チヨ nya:ニヤ nyu:ニユ nyo:ニヨ
hya:ヒヤ hyu:ヒユ hyo:ヒヨ mya:ミヤ myu:ミユ myo:ミヨ rya:リヤ ryu:リユ ryo:リヨ gya:ギヤ gyu:ギユ gyo:ギヨ
bya:ビヤ byu:ビユ byo:ビヨ pya:ピヤ pyu:ピユ pyo:ピヨ shi:シ chi:チ tsu:ツ ja:ジヤ ju:ジユ jo:ジヨ
ji:ジ fu:フ ka:カ ki:キ ku:ク ke:ケ ko:コ sa:サ si:シ su:ス se:セ so:ソ
ta:タ ti:チ tu:ツ te:テ to:ト na:ナ ni:ニ nu:ヌ ne:ネ no:ノ ha:ハ hi:ヒ
hu:フ he:ヘ ho:ホ ma:マ mi:ミ mu:ム me:メ mo:モ ya:ヤ yu:ユ yo:ヨ ra:ラ
ri:リ ru:ル re:レ ro:ロ wa:ワ wo:オ ga:ガ gi:ギ gu:グ ge:ゲ go:ゴ za:ザ
zi:ジ zu:ズ ze:ゼ zo:ゾ da:ダ de:デ do:ド ba:バ bi:ビ bu:ブ be:ベ bo:ボ
pa:パ pi:ピ pu:プ pe:ペ po:ポ a:ア i:イ u:ウ e:エ o:オ n:ン
"""
_ROMAJI = dict(item.split(":") for item in _SYLLABLES.split())
_SYLLABLE = re.compile("|".join(sorted(_ROMAJI, key=len, reverse=True)))


def normalise(text: str) -> str:
    """Return the text in one width and composition, with single spaces."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


def katakana(text: str) -> str:
    """Return hiragana and half-width kana as full-width katakana; other characters stay."""
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in normalise(text))


def fold(text: str) -> str:
    """Return the search key of a word: no spaces, variants, small kana, long marks, or case differences."""
    return katakana(text).translate(VARIANTS).translate(_SMALL).translate(_SAME).replace(" ", "").lower()


def from_romaji(text: str) -> str | None:
    """Return Latin letters as folded katakana (Yamamoto → ヤマモト), or None when they are no Japanese syllables."""
    plain = unicodedata.normalize("NFKD", normalise(text).lower())
    letters = re.sub(r"[^a-z]", "", plain)
    if not letters or re.sub(r"[a-z' \u0300-\u036f]", "", plain):
        return None
    letters = re.sub(r"m(?=[bpm])", "n", letters)
    letters = re.sub(r"([kstpcgzdbj])\1", r"ツ\1", letters).replace("tch", "ツch")
    letters = letters.replace("ou", "o").replace("oo", "o").replace("uu", "u")
    kana = _SYLLABLE.sub(lambda match: _ROMAJI[match[0]], letters)
    return fold(kana) if not re.search(r"[a-z]", kana) else None


def search_key(family: str, given: str, family_kana: str, given_kana: str) -> str:
    """Return what a patient is found by: name and reading in both orders, folded, separated by bars."""
    names, kana = (fold(family), fold(given)), (fold(family_kana), fold(given_kana))
    parts = (*names, "".join(names), "".join(reversed(names)), "".join(kana), "".join(reversed(kana)))
    long_o = "".join(kana).replace("オウ", "オ").replace("ウウ", "ウ")
    return "|" + "|".join(dict.fromkeys(part for part in (*parts, _short_vowels("".join(kana)), long_o) if part)) + "|"


def _short_vowels(kana: str) -> str:
    """Return the reading as it is often romanised, without the u that lengthens an o."""
    return re.sub("(?<=[オコソトノホモヨロゴゾドボポ])ウ", "", kana)


def alike(left: str, right: str) -> bool:
    """Tell whether two names are the same but for spelling variants."""
    return bool(left) and fold(left) == fold(right)
