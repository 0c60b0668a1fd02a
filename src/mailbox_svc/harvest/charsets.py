"""Bytes of mail headers to text, whatever they claim to be. Never raises, never loads a codec by its name.

Which charset a label means follows what mailers send (WHATWG Encoding §4.2 has the same supersets).
"""

from __future__ import annotations

from encodings.aliases import aliases
from typing import Final

from mailbox_svc.harvest import iso_2022_jp, unlabelled

#: Python's codecs that are no charsets.
_NO_CHARSETS: Final = frozenset(
    ("base64_codec", "bz2_codec", "hex_codec", "mbcs", "quopri_codec", "rot_13", "tactis", "uu_codec")
) | {"zlib_codec"}
#: Charsets whose label is used for a greater one, which decodes all of the lesser.
_GREATER: Final = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "johab": "johab",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
}
_MORE_LABELS: Final = {
    "cn_gb": "gb18030",
    "x_gbk": "gb18030",
    "gb_2312_80": "gb18030",
    "ks_c_5601": "cp949",
    "x_windows_949": "cp949",
    "windows_949": "cp949",
    "x_sjis": "cp932",
    "windows_31j": "cp932",
    "x_euc_jp": "euc_jp",
    "x_x_big5": "big5hkscs",
    "cn_big5": "big5hkscs",
    "iso_8859_6_i": "iso8859_6",
    "iso_8859_6_e": "iso8859_6",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "windows_874": "cp874",
    "x_mac_roman": "mac_roman",
    "x_mac_cyrillic": "mac_cyrillic",
    "x_mac_greek": "mac_greek",
    "x_mac_turkish": "mac_turkish",
    "x_mac_ce": "mac_latin2",
    "koi8_u": "koi8_u",
    "koi8_ru": "koi8_u",
    "unicode_1_1_utf_7": "utf_7",
    "unicode_1_1_utf_8": "utf_8",
    "x_utf_8": "utf_8",
}


def _codecs() -> dict[str, str]:
    known = {name: name for name in aliases.values()} | aliases
    table = {label: _GREATER.get(name, name) for label, name in known.items() if name not in _NO_CHARSETS}
    for name in [name for name in table if name.startswith("cp")]:
        table.setdefault("windows_" + name[2:], table[name])
        table.setdefault("x_" + name, table[name])
    # What says ASCII and is not, is of an unknown charset.
    return {label: name for label, name in (table | _MORE_LABELS).items() if name != "ascii"}


#: A closed table: `bytes.decode` would import a module by any label a mail holds, remember every unknown
#: one for ever, and its "idna" and "punycode" take quadratic time.
_CODECS: Final = _codecs()


def decode(raw: bytes, label: str) -> str:
    """Return the text of bytes that claim to be in a charset; what does not fit becomes U+FFFD."""
    codec = _codec(label)
    if codec is None:
        return unlabelled.text_of(raw)
    if codec.startswith("iso2022_jp"):
        return iso_2022_jp.decode(raw)
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        # A UTF-8 text that was cut stays one; else the label is wrong.
        if codec == "utf_8" and error.reason != "unexpected end of data":
            return unlabelled.text_of(raw)
    except UnicodeError:
        pass
    return raw.decode(codec, "replace")


def fits(raw: bytes, label: str) -> bool:
    """Say whether the bytes are text in the charset, as far as it is known."""
    try:
        raw.decode(_codec(label) or "utf_8")
    except UnicodeError:
        return False
    return True


def _codec(label: str) -> str | None:
    return _CODECS.get(label.lower().strip().replace("-", "_").replace(" ", "_"))
