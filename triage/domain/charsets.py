"""What a scanner can write and read: the character sets of DICOM, and what becomes of a sign that one does not have.

A sign is never turned into a question mark: it is replaced by the sign that the table names, or the text is dropped,
and whoever asked is told which.
"""

import re
import unicodedata
from dataclasses import dataclass

#: Id, as it is kept with a scanner -> the values of Specific Character Set (0008,0005), in this order. ASCII has none.
CHARSETS: dict[str, tuple[str, ...]] = {
    "utf8": ("ISO_IR 192",),
    "ir87": ("", "ISO 2022 IR 87"),
    "ir13_87": ("ISO 2022 IR 13", "ISO 2022 IR 87"),
    "ascii": (),
}
UTF8, KANJI, HALF_KANA, LATIN = CHARSETS

#: A sign that JIS X 0208 does not have, and the one that stands for the same name or word in it.
_PAIRS = """
髙高 﨑崎 𠮷吉 濵浜 德徳 瀨瀬 增増 黑黒 桒桑 昻昂 曻昇 栁柳 橫横 淸清 渴渇 靑青 郞郎 鄕郷 緖緒 黃黄 錄録 嵓巌 槗橋 𣘺橋
𡈽土 𠀋丈 𥔎埼 𦚰脇 𠮟叱 剝剥 塡填 頰頬 繫繋 蟬蝉 醬醤 瘦痩 麵麺 蠟蝋 嚙噛 搔掻 摑掴 簞箪 禱祷 瀆涜 鷗鴎 潑溌 萊莱 屢屡
俠侠 俱倶 吞呑 噓嘘 姸妍 屛屏 幷并 徵徴 悅悦 揭掲 擊撃 敎教 晚晩 曆暦 槪概 步歩 歷歴 每毎 淚涙 溫温 涉渉 硏研 稅税 緣縁
綠緑 虛虚 說説 賴頼 鍊錬 閱閲 頹頽 巢巣 戶戸 內内 卽即 吳呉 娛娯 寬寛 尙尚 彥彦 戾戻 旣既 焰焔 產産 眾衆 絕絶 脫脱 薰薫
虵蛇 銳鋭 閒間 雞鶏 靏鶴 靍鶴 靎鶴 驒騨 麯麹 麴麹 鼑鼎 凬風 巗巌 抦柄 杦杉 柗松 桺柳 沪滬 泻潟 煇輝 狀状 眀明 繡繍 羗羌
蔣蒋 裵裴 贒賢 軰輩 鈆鉛 隂陰 隯島 﨣起 囯国 囻国 圡土 扵於 曺曹 朙明 枏楠 浺沖 湏須 灋法 玆茲 畵画 盌椀 秊年 臯皋 莭節
葊庵 虗虚 鍫鍬 鍳鑑 骵体 龢和 勛勲 冝宜 羡羨 喆哲 凞熙 ￤｜ ∥‖ ¥￥ ‾￣ —― ～〜
"""
INSTEAD = {pair[0]: pair[1] for pair in _PAIRS.split()}
#: What stands in a sentence where a sign had to be left out: the printers' mark for a missing type.
MISSING = "〓"

#: Marks that only choose the shape of the sign before them.
_SHAPES = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
#: A half-width kana goes together with the mark that voices it.
_SIGNS = re.compile("[\uff66-\uff9d][\uff9e\uff9f]?|.", re.DOTALL)
_HALF = [chr(code) for code in range(0xFF61, 0xFFA0)]
_VOICED = {unicodedata.normalize("NFKC", sign + mark): sign + mark for sign in _HALF for mark in "\uff9e\uff9f"}
_NARROW = {unicodedata.normalize("NFKC", sign): sign for sign in _HALF}
_TO_HALF = str.maketrans(
    {wide: narrow for wide, narrow in (_VOICED | _NARROW).items() if len(wide) == 1} | {"ヮ": "ﾜ", "ヵ": "ｶ", "ヶ": "ｹ"}
)


@dataclass(frozen=True)
class Written:
    """A text as a character set has it: which signs stand for others, which could not be written at all."""

    text: str
    replaced: str = ""
    lost: str = ""


def has(sign: str, charset: str) -> bool:
    """Tell whether a character set has a sign. What separates the parts of a value in DICOM is not asked here."""
    if " " <= sign <= "~":
        return charset != HALF_KANA or sign not in "\\~"  # JIS X 0201 has the yen sign and a line there
    if charset == UTF8:
        return unicodedata.category(sign) not in ("Cc", "Cs")
    if charset == LATIN:
        return False
    if charset == HALF_KANA and sign in _HALF:
        return True
    try:
        return sign.encode("iso2022_jp").startswith(b"\x1b$B")  # not the yen sign of JIS X 0201, which comes as ESC ( J
    except UnicodeEncodeError:
        return False


def written(text: str, charset: str) -> Written:
    """Return a text as the character set has it: sign by sign as it is, else replaced, else left out."""
    if charset == UTF8:
        return Written("".join(sign for sign in text if has(sign, charset)))
    signs, replaced, lost = [], "", ""
    for sign in _SIGNS.findall(text):
        instead = _instead(sign, charset)
        if instead is None:
            lost += sign
        elif instead != sign:
            replaced += sign
        signs.append(instead or "")
    return Written("".join(signs), replaced, lost)


def _instead(sign: str, charset: str) -> str | None:
    """Return what is written for a sign: itself, what stands for it, "" for a mark of shape alone; None where lost."""
    if all(has(one, charset) for one in sign):
        return sign
    if _SHAPES.fullmatch(sign):
        return ""
    plain = unicodedata.normalize("NFKC", sign)
    for one in (INSTEAD.get(sign, sign), plain, INSTEAD.get(plain, plain)):
        if all(has(part, charset) for part in one):
            return one
    return None


def sentence(text: str, charset: str) -> str:
    """Return a text that people read, with the printers' mark for each sign that is lost; "" where too much is."""
    found = written(text, charset)
    if not found.lost:
        return found.text
    if not has(MISSING, charset):
        return ""
    return "".join(MISSING if (one := _instead(sign, charset)) is None else one for sign in _SIGNS.findall(text))


def half_width(kana: str) -> str:
    """Return full-width katakana as half-width kana, each voicing mark a sign of its own."""
    return kana.translate(_TO_HALF)
