"""One address as people and programs write it. Says whether it is one, and never makes one up."""

from __future__ import annotations

import re
from typing import Final

from mailbox_svc.harvest.encoded_words import UNSEEN

#: RFC 5321 §4.5.3.1.3: to a longer one nobody can write.
LONGEST: Final = 254

#: What never stands in an unquoted part: blanks, specials, control characters.
_OUT: Final = r"\s\"(),:;<>@\[\]\\\x00-\x1f\x7f-\x9f" + UNSEEN
QUOTED: Final = r'"(?:[^"\\]++|\\.)*+"'
LITERAL: Final = r"\[[\w.:-]++\]"
_LABEL: Final = rf"[^{_OUT}!-,./:-@\[-^`{{-~]++"
#: After it the parameters of a `mailto:` URL may follow.
_ADDRESS: Final = re.compile(
    rf"([^{_OUT}]++|{QUOTED})@({_LABEL}(?:\.{_LABEL})*+\.*+|{LITERAL})(?:\?.*)?", re.DOTALL
)
_DOT_ATOM: Final = re.compile(rf"[^{_OUT}.]++(?:\.[^{_OUT}.]++)*+")
_QUOTED: Final = re.compile(QUOTED, re.DOTALL)
_SCHEME: Final = re.compile(r"(?:mailto|smtp):\s*", re.IGNORECASE)
_LOOSE_JOINT: Final = re.compile(r"\s*([.@])\s*")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_WRAPPERS: Final = {"'": "'", "`": "'`", "*": "*", "{": "}", "[": "]"}


def read(written: str) -> str:
    """Return the address that this is, and nothing else; empty if it is none.

    The local part is as it was written, without quotes where it needs none; the domain in lower case.
    """
    written = _SCHEME.sub("", written.strip().strip(UNSEEN).strip(), count=1)
    if not written:
        return ""
    if written[0] == written[-1] == '"':
        written = written[1:-1]
    quoted = _QUOTED.match(written)
    local = quoted[0] if quoted else ""
    # RFC 5322 §4.4 allows blanks around dots and the @.
    written = local + _LOOSE_JOINT.sub(r"\1", _unwrapped(written[len(local) :]))
    match = _ADDRESS.fullmatch(written)
    # An encoded word is no part of an address (RFC 2047 §5).
    if match is None or "=?" in match[1]:
        return ""
    local, domain = match[1], match[2].rstrip(".").lower()
    if local[0] == '"':
        local = _unquoted(local)
    address = f"{local}@{domain}"
    return address if local and len(address) <= LONGEST and any(map(str.isalnum, domain)) else ""


def unescaped(text: str) -> str:
    """Return the text without the backslashes of quoted pairs (RFC 5322 §3.2.1)."""
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def _unwrapped(written: str) -> str:
    """Take off what people put around an address."""
    closing = _WRAPPERS.get(written[:1], "")
    if closing and written[-1] in closing:
        written = written[1:-1]
    elif "@[" not in written:
        written = written.rstrip("]")
    return written.rstrip("'!?*")


def _unquoted(local: str) -> str:
    """Return a quoted local part without quotes if it needs none; empty if nobody can have it."""
    plain = unescaped(local[1:-1])
    if _DOT_ATOM.fullmatch(plain):
        return plain
    if not plain.strip() or not plain.isprintable():
        return ""
    return '"' + re.sub(r'(["\\])', r"\\\1", plain) + '"'
