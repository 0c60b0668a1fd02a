"""What EXAMINE says of a folder. Pure: bytes in, numbers out.

`EXAMINE … (CONDSTORE)` is not used: a server that keeps mod-sequences tells the highest with every EXAMINE
(RFC 7162 §3.1.2.1), and asking makes Dovecot begin to keep them, which is a change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailbox_svc.imap.framing import Response

_EXISTS = re.compile(rb"\* (\d{1,10}) EXISTS\b", re.IGNORECASE)
_CODE = re.compile(rb"\* OK \[(UIDVALIDITY|UIDNEXT|HIGHESTMODSEQ) (\d{1,19})\]", re.IGNORECASE)
#: RFC 9051 §9 `nz-number` and RFC 7162 §7 `mod-sequence-value`.
_LARGEST_UID, _LARGEST_MODSEQ = (1 << 32) - 1, (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Examined:
    """The folder as the server shows it; None is what it did not say."""

    uidvalidity: int | None
    uidnext: int | None
    exists: int | None
    highestmodseq: int | None


def parse_examined(responses: Sequence[Response]) -> Examined:
    """Return what the untagged responses to EXAMINE say; the last word on each thing counts."""
    exists: int | None = None
    said: dict[bytes, int] = {}
    for response in responses:
        if found := _EXISTS.match(response[0]):
            exists = int(found[1])
        elif found := _CODE.match(response[0]):
            said[found[1].upper()] = int(found[2])
    return Examined(
        uidvalidity=_within(said.get(b"UIDVALIDITY"), _LARGEST_UID),
        # One more than the last UID there can be: the folder is full.
        uidnext=_within(said.get(b"UIDNEXT"), _LARGEST_UID + 1),
        exists=_within(exists, _LARGEST_UID),
        highestmodseq=_within(said.get(b"HIGHESTMODSEQ"), _LARGEST_MODSEQ) or None,
    )


def parse_uidvalidity(line: bytes) -> int | None:
    """Return the UIDVALIDITY that this response announces, or None."""
    found = _CODE.match(line)
    return int(found[2]) if found and found[1].upper() == b"UIDVALIDITY" else None


def _within(value: int | None, largest: int) -> int | None:
    return value if value is not None and value <= largest else None
