"""Text of bytes that do not say their charset: raw 8-bit headers, and labels such as `unknown-8bit`.

UTF-8 when it is, ISO-2022-JP by its escapes, else what is evident from the letters, else windows-1252.
A guess is only ever made here, and only about bytes that are no UTF-8. Never raises.
"""

# ruff: noqa: RUF001  (the letters of many alphabets are the point)

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from mailbox_svc.harvest import iso_2022_jp

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_FOLD: Final = re.compile(rb"\r?\n(?=[ \t])")
#: A word with bytes above ASCII in it.
_WORD: Final = re.compile(rb"[A-Za-z]*+[\x80-\xff][A-Za-z\x80-\xff]*+")

_ASCII: Final = bytes(range(0x80))
_ABOVE_ASCII: Final = bytes(range(0x80, 0x100))
#: As many bytes tell the charset as well as all of them.
_SAMPLE: Final = 4096
#: Two bytes a character, in the area where the common ones are.
_PAIRS: Final = {
    "cp949": re.compile(rb"(?:[\x00-\x7f]|[\xb0-\xc8][\xa1-\xfe])*+"),
    "gb18030": re.compile(rb"(?:[\x00-\x7f]|[\xb0-\xf7][\xa1-\xfe])*+"),
    "big5hkscs": re.compile(rb"(?:[\x00-\x7f]|[\xa4-\xf9][\x40-\x7e\xa1-\xfe])*+"),
    "euc_jp": re.compile(rb"(?:[\x00-\x7f]|[\xa1\xa4\xa5\xb0-\xf4][\xa1-\xfe])*+"),
    "cp932": re.compile(rb"(?:[\x00-\x7f]|[\x81-\x9f\xe0-\xea][\x40-\x7e\x80-\xfc])*+"),
}
_PAIRS_ALONE: Final = {
    "cp949": _PAIRS["cp949"],
    "gb18030": _PAIRS["gb18030"],
    "cp932": re.compile(rb"(?:[\x00-\x7f]|[\x81-\x9f][\x40-\x7e\x80-\xfc])*+"),
}
_JAPANESE: Final = (
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんがぎぐげござじずぜぞ"
    "だでどばびぶべぼぱぴぷぺぽっゃゅょアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリ"
    "ルレロワンガギグゲゴザジズゼゾダデドバビブベボパピプペポッャュョァィェォー田中山川本木村井佐藤鈴高橋渡辺伊小林加吉"
    "松上野原島崎石口大谷子太郎美一三二次雄男夫恵真由香智明正和株式会社様部営業店"
)
#: The characters that names and subjects in a language are mostly made of, per charset it is found in.
_COMMON: Final = {
    "cp949": frozenset(
        "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민진나지엄채원천방공현함변염여추도소"
        "석선설마길연위표명기반왕금옥육인맹제모탁국은희영수미철준호경재동상혜숙순자용훈빈아윤태광병승규란라리대회사무실"
    ),
    "gb18030": frozenset(
        "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴"
        "夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文明华国建伟芳娜敏"
        "静丽强磊军洋勇艳杰娟涛超秀霞平刚桂先生小女士公司有限中国的人大一不在了是我上海北京市部经理信息网客服务心"
        "他这来个到说们为子和你地出道也时年得就那要下以会自着去之过家学对可她里后么多天而能好都然没日起还发成事只作当想看"
        "无开手十用主行又如前所本见头面同三已老从动两长消"
    ),
    "big5hkscs": frozenset(
        "王李張劉陳楊趙黃周吳徐孫胡朱高林何郭馬羅梁宋鄭謝韓唐馮于董蕭程曹袁鄧許傅沈曾彭呂蘇盧蔣蔡賈丁魏薛葉閻余潘杜戴"
        "夏鍾汪田任姜范方石姚譚廖鄒熊金陸郝孔白崔康毛邱秦江史顧侯邵孟龍萬段雷錢湯尹黎易常武喬賀賴龔文明華國建偉芳淑美玲"
        "惠雅婷志豪俊傑家宏怡君先生小姐公司有限中的人大一不在了是我上台北市部經理資訊網路電客服務心"
        "他這來個到說們為子和你地出道也時年得就那要下以會自著去之過學對可她裡後麼多天而能好都然沒日於起還發成事只作當想看"
        "無開手十用主行又如前所本見頭面同三已老從動兩長息消"
    ),
    "euc_jp": frozenset(_JAPANESE),
    "cp932": frozenset(_JAPANESE),
    # Has no capitals, so before the others where both are as likely.
    "cp1255": frozenset("יוהלאמרתבשנדסח"),
    "cp1251": frozenset("аеиорнвлктсй"),
    "koi8_r": frozenset("аеиорнвлктсй"),
    "cp1253": frozenset("αοιετσνηςάίόέ"),
}
#: Letters that stand at the end of words only.
_AT_THE_END: Final = "ςךםןףץ"
#: What stands for a letter of Central Europe when its bytes are read as windows-1252: "Ma³gorzata".
_SIGN_IN_WORD: Final = re.compile(
    r"[¢£¤¥¦§¨©¬®¯°±²³¶¸¹¼½¾×÷](?=[a-zà-öø-ÿ])|(?<=[a-zA-Zà-öø-ÿ])[¡¿«»](?=[a-zà-öø-ÿ])"
)


def header_text(value: bytes) -> str:
    """Return the text of a header field's body, unfolded (RFC 5322 §2.2.3), blanks for control characters."""
    if b"\n" in value or b"\r" in value:
        value = _FOLD.sub(b"", value)
    text = text_of(value)
    return text if text.isprintable() else _CONTROL.sub(" ", text)


def text_of(raw: bytes) -> str:
    """Return the text of bytes of an unknown charset."""
    if raw.isascii():
        return iso_2022_jp.decode_closed(raw) if b"\x1b" in raw else raw.decode("ascii")
    if _is_utf8(raw):
        return raw.decode()
    # People of one list write in several charsets. A comma is never half of a character.
    pieces = raw.split(b",")
    codec = _codec(b" ".join(piece for piece in pieces if not _is_utf8(piece)))
    return ",".join(piece.decode("utf_8" if _is_utf8(piece) else codec, "replace") for piece in pieces)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _codec(raw: bytes) -> str:
    """Return the charset that the bytes, which are no UTF-8, are most likely in."""
    if len(raw) > _SAMPLE:
        raw = raw[:_SAMPLE].rstrip(_ABOVE_ASCII)
    words = b"".join(_WORD.findall(raw))
    high = len(words.translate(None, _ASCII))
    # What is written in Latin letters is mostly ASCII.
    if high > 1 and 2 * high >= len(words):
        likely = max(_COMMON, key=lambda codec: _likeness(raw, codec))
        if _likeness(raw, likely) > 0.3:
            return likely
        # Uncommon words: nothing in Latin letters is made of these pairs alone.
        for codec, pairs in _PAIRS_ALONE.items():
            if pairs.fullmatch(raw):
                return codec
    for codec in ("cp1252", "cp1250", "iso8859_2"):
        if not _SIGN_IN_WORD.search(raw.decode(codec, "replace")):
            return codec
    return "cp1252"


def _likeness(raw: bytes, codec: str) -> float:
    """Return which share of the characters above ASCII is common in what the charset is used for."""
    pairs = _PAIRS.get(codec)
    if pairs and not pairs.fullmatch(raw):
        return 0.0
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError:
        return 0.0
    high = "".join(char for char in text if char > "\x7f")
    if not pairs and not _is_one_alphabet(text, high):
        return 0.0
    if high.isupper():
        high = high.lower()
    return sum(char in _COMMON[codec] for char in high) / len(high)


def _is_one_alphabet(text: str, high: str) -> bool:
    """Say whether words are of letters of one alphabet, capitals in front or throughout."""
    if not high.isalpha():
        return False
    return not any(
        one.isalpha()
        and other.isalpha()
        and (one.isascii() != other.isascii() or (one.islower() and other.isupper()) or one in _AT_THE_END)
        for one, other in pairwise(text)
    )
