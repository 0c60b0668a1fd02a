"""ISO-2022-JP as mailers write it (RFC 1468 and the letters Microsoft added): Python's codec knows those not.

Never raises. What is no character is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_PAIR: Final = re.compile(rb"[\x21-\x7e]{2}")


def decode(raw: bytes) -> str:
    """Return the text; it begins in ASCII and changes charset at each escape."""
    first, *stretches = raw.split(b"\x1b")
    text = [first.decode("ascii", "replace")]
    for stretch in stretches:
        for designation, read in _READERS.items():
            if stretch.startswith(designation):
                text.append(read(stretch[len(designation) :]))
                break
    return "".join(text)


def decode_closed(raw: bytes) -> str:
    """Return the text of ASCII in which stretches of ISO-2022-JP may stand.

    One that does not go back to ASCII may be anything: it stays as it is.
    """
    closed, escape, rest = raw.replace(b"\x1b(J", b"\x1b(B").rpartition(b"\x1b(B")
    return decode(closed + escape) + rest.decode("ascii", "replace")


def _kanji(stretch: bytes) -> str:
    """Read JIS X 0208 by way of Shift JIS, where Python knows the added letters."""
    shifted = bytearray()
    for high, low in _PAIR.findall(stretch):
        row, cell = high - 0x21, low - 0x21
        shifted.append(row // 2 + (0x81 if row < 62 else 0xC1))
        shifted.append(cell + (0x9F if row % 2 else 0x40 if cell < 63 else 0x41))
    return shifted.decode("cp932", "replace")


def _more_kanji(stretch: bytes) -> str:
    """Read JIS X 0212."""
    return (b"\x1b$(D" + b"".join(_PAIR.findall(stretch))).decode("iso2022_jp_ext", "replace")


def _half_width(stretch: bytes) -> str:
    return bytes(byte | 0x80 for byte in stretch).decode("cp932", "replace")


def _ascii(stretch: bytes) -> str:
    return stretch.decode("ascii", "replace")


_READERS: Final[dict[bytes, Callable[[bytes], str]]] = {
    b"(B": _ascii,
    b"(J": _ascii,
    b"$B": _kanji,
    b"$@": _kanji,
    b"(I": _half_width,
    b"$(D": _more_kanji,
}
