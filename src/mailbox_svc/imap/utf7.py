"""Modified UTF-7, the encoding of folder names (RFC 3501 §5.1.3)."""

from __future__ import annotations

import base64
import binascii
import re

#: `&-` is an ampersand, `&…-` is UTF-16 in a base64 that has `,` in the place of `/`.
_SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*)-")
_PRINTABLE = re.compile(rb"[\x20-\x25\x27-\x7e]*\Z")
#: Either an ampersand or a run of characters that have to be shifted.
_TO_SHIFT = re.compile(r"&|[^\x20-\x7e]+")


def decode(name: bytes) -> str:
    """Return the name in Unicode. Raises ValueError when it is not modified UTF-7."""
    decoded = []
    end = 0
    for shifted in _SHIFTED.finditer(name):
        decoded.append(_decode_plain(name[end : shifted.start()]))
        decoded.append(_decode_shifted(shifted[1]))
        end = shifted.end()
    decoded.append(_decode_plain(name[end:]))
    return "".join(decoded)


def encode(name: str) -> bytes:
    """Return the name for the wire. Raises ValueError for a lone surrogate, which is no character."""
    return _TO_SHIFT.sub(lambda run: _encode_shifted(run[0]), name).encode("ascii")


def _decode_plain(part: bytes) -> str:
    if not _PRINTABLE.match(part):
        raise ValueError("not modified UTF-7")
    return part.decode("ascii")


def _decode_shifted(base64_text: bytes) -> str:
    if not base64_text:
        return "&"
    padding = b"=" * (-len(base64_text) % 4)
    try:
        return base64.b64decode(base64_text + padding, altchars=b"+,").decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("not modified UTF-7") from None


def _encode_shifted(run: str) -> str:
    if run == "&":
        return "&-"
    text = base64.b64encode(run.encode("utf-16-be"), altchars=b"+,").rstrip(b"=")
    return f"&{text.decode('ascii')}-"
