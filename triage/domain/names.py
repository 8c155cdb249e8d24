"""Names as they are searched: kanji variants, kana of every width, and Latin letters fold into one key."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from functools import lru_cache

#: A kanji that families write differently and desks type as it comes, and the one it is searched by.
_PAIRS = """
邊辺 邉辺 髙高 﨑崎 嵜崎 碕崎 齋斉 齊斉 斎斉 濱浜 濵浜 𠮷吉 澤沢 櫻桜 嶋島 嶌島 廣広 國国 冨富 舘館 槇槙 桒桑
眞真 惠恵 龍竜 條条 德徳 黑黒 瀨瀬 曾曽 增増 藏蔵 榮栄 圓円 實実 藪薮 瀧滝 萬万 與与 關関 淺浅 壽寿 寶宝 彌弥
"""
VARIANTS = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split()})
_SMALL = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
_SAME = str.maketrans({"ヴ": "ブ", "ヂ": "ジ", "ヅ": "ズ", "ヲ": "オ", "ー": None, "・": None, "゛": None, " ": None})
#: All of these in one: none of them makes a character that another one changes.
_FOLDED = VARIANTS | _SMALL | _SAME
#: Marks that only choose the shape of the character before them.
_SHAPES = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
#: Hepburn syllables to katakana; the longest that fits is read.
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
#: What a name is made of, in the order in which its keys are made from it.
PARTS = ("family_name", "given_name", "family_kana", "given_kana")
#: Two readings born on the same day are taken for one person from this likeness on (one slip in four kana).
_LIKE = 0.75


def normalise(text: str) -> str:
    """Return the text in one width and composition, with single spaces and no control characters."""
    plain = unicodedata.normalize("NFKC", text)
    if plain.isalnum():
        return plain  # as nearly every name and number: there is nothing to take out
    seen = "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Zs"} else c for c in plain)
    return re.sub(r"\s+", " ", seen).strip()


def katakana(text: str) -> str:
    """Return hiragana and half-width kana as full-width katakana; other characters stay."""
    return normalise(text).translate(_KATAKANA)


@lru_cache(4096)
def initials(family_kana: str, given_kana: str, by_number: bool = False) -> str:
    """Return the first kana of both names, as ヤ．カ; "—" where none is known or the patient wants to be a number."""
    first = [name[0] for name in (katakana(family_kana), katakana(given_kana)) if name]
    return "—" if by_number or not first else "．".join(first)


def is_kana(text: str) -> bool:
    """Tell whether the text is written in kana alone."""
    return bool(text) and all("ァ" <= c <= "ー" or c == " " for c in katakana(text))


@lru_cache(4096)
def fold(text: str) -> str:
    """Return the search key of a word: no spaces, variants, small kana, long marks, or case differences."""
    plain = _SHAPES.sub("", katakana(text))
    if "ヴ" in plain:
        for foreign, plainer in zip(("ヴァ", "ヴィ", "ヴェ", "ヴォ"), "バビベボ", strict=True):
            plain = plain.replace(foreign, plainer)
    return plain.translate(_FOLDED).lower()


def from_romaji(text: str) -> str | None:
    """Return Latin letters as folded katakana with short vowels (Satō → サト), or None for other syllables."""
    plain = unicodedata.normalize("NFKD", normalise(text).lower())
    if re.sub(r"[a-z'’ \-\u0300-\u036f]", "", plain):
        return None
    letters = re.sub(r"[^a-z'’]", "", plain).replace("’", "'")
    letters = re.sub(r"m(?=[bpm])", "n", letters)
    letters = re.sub(r"([kstpcgzdbj])\1", r"tsu\1", letters).replace("tch", "tsuch")
    letters = re.sub(r"oh(?![aiueo])", "o", letters)
    kana = _SYLLABLE.sub(lambda match: _ROMAJI[match[0]], letters).replace("'", "")
    return short_vowels(fold(kana)) if kana and not re.search(r"[a-z]", kana) else None


def short_vowels(kana: str) -> str:
    """Return folded kana without the vowel that only lengthens an o or u, as Latin letters leave it out."""
    short = re.sub("(?<=[オコソトノホモヨロゴゾドボポ])[ウオ]", "", kana)
    return re.sub("(?<=[ウクスツヌフムユルグズブプ])ウ", "", short)


def readings(word: str) -> tuple[str, ...]:
    """Return the keys that a typed word may be: as it stands, and as kana where it is Latin letters."""
    kana = (from_romaji(one) for one in _typed(word))
    return tuple(dict.fromkeys([fold(word), *(one for one in kana if one)]))


def beginnings(word: str) -> tuple[str, ...]:
    """Return the keys that a typed word may begin: its readings, and those of a syllable that is still being typed."""
    return tuple(dict.fromkeys([*readings(word), *(kana for one in _typed(word) for kana in _becoming(one))]))


def _typed(word: str) -> Iterable[str]:
    """Return how the letters may be read: "junichi" may be ジュニチ or ジュンイチ."""
    plain = normalise(word).lower()
    return dict.fromkeys((plain, re.sub(r"n(?=[aiueoy])", "n'", plain)))


def _becoming(typed: str) -> Iterator[str]:
    """Yield each kana that the letters may become, where a syllable is still being typed."""
    begun, tail = re.fullmatch(r"(.*?)([^aiueo]*)", typed, re.DOTALL).groups()  # type: ignore[union-attr]
    before = from_romaji(begun) if begun else ""
    if not tail or not typed.isascii() or before is None:
        return
    heads = [kana for romaji, kana in _ROMAJI.items() if romaji.startswith(tail)]
    yield from ([before + head for head in heads] or ([before] if before else []))


def search_key(family: str, given: str, family_kana: str, given_kana: str) -> str:
    """Return what a patient is found by: name and reading, alone and in both orders, folded, separated by bars."""
    parts: list[str] = []
    kana = (fold(family_kana), fold(given_kana))
    short = (short_vowels(kana[0]), short_vowels(kana[1]))
    for first, second in ((fold(family), fold(given)), kana, short):
        parts += [first, second, first + second, second + first]
    # Every word of a name of several is found by itself: Thi Lan, Maria Clara, a married woman's two family names.
    parts += [fold(word) for text in (family, given, family_kana, given_kana) for word in normalise(text).split(" ")]
    return "|" + "|".join(dict.fromkeys(part for part in parts if part)) + "|"


def keys(family_name: str, given_name: str, family_kana: str, given_kana: str) -> dict[str, str]:
    """Return the columns that a patient is found by: parts of the name, the whole name, the whole reading.

    Who is on file without a reading was often entered in kana, so the name stands for it.
    """
    return {
        "search_key": search_key(family_name, given_name, family_kana, given_kana),
        "whole_name": fold(family_name + given_name),
        "whole_kana": short_vowels(fold(family_kana + given_kana or family_name + given_name)),
    }


def wholes(family_name: str, given_name: str, family_kana: str, given_kana: str) -> dict[str, str | None]:
    """Return what ``keys`` holds as a whole of who is called so, in both orders; None instead of half a name."""
    name = (family_name, given_name)
    kana = (family_kana, given_kana) if family_kana or given_kana else name
    words = [fold(one + other) if one and other else None for pair in (name, kana) for one, other in (pair, pair[::-1])]
    read = [short_vowels(word) if word else None for word in words[2:]]
    return dict(zip(("name", "name_back", "kana", "kana_back"), words[:2] + read, strict=True))


def alike(left: str, right: str) -> bool:
    """Tell whether two names are the same but for spelling variants."""
    return bool(left) and bool(right) and fold(left) == fold(right)


def similar(left: str, right: str) -> bool:
    """Tell whether two readings differ by no more than a slip of the key."""
    one, other = fold(left), fold(right)
    shared = sum(map(other.__contains__, one))  # in whatever order: never fewer than in one
    if not shared or 2 * shared < _LIKE * (len(one) + len(other)):
        return False  # as nearly all who were born that day: to compare them kana by kana takes ten times as long
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _LIKE
