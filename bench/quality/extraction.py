"""Measures whether the right addresses and names are found, beside Python's own parser."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses
from pathlib import Path
from types import FrameType
from typing import Any

from mailbox_svc.harvest.header_addresses import Mention, parse_addresses
from mailbox_svc.harvest.header_parts import BCC, CC, FROM, REPLY_TO, SENDER, TO, HeaderParts
from mailbox_svc.harvest.records import AddressRecord
from quality.corpus import Row, header_of, message, rows

Parser = Callable[[bytes], list[Mention]]

#: Seconds after which a header counts as one that hangs.
_PATIENCE = 5
_FIELDS = {"from": FROM, "to": TO, "cc": CC, "bcc": BCC, "sender": SENDER, "reply-to": REPLY_TO}
#: Repeated, each makes a header of a size that mailers and servers let through.
_HOSTILE = (
    b"(", b")(", b"((a) ", b'"', b'\\"', b'"a\\', b"<", b"<a@b.c", b"<@", b"@a:", b"a:", b":;", b",", b";",
    b"@", b"[", b"a@b.c ", b"a@b.c,", b"a@b.c (x),", b'"a" <a@b.c>,', b"=?", b"=?utf-8?q?a",
    b"=?utf-8?q?a?= ", b"=?x?b?4OQ?=", b"\xe9", b"\xb0\xa1", b"\x1b$B", b"\x00", b"\r\n ", b" ",
    b"\xcc\x81\xcc\x96", b"a.", b"a @ b . c ",
)  # fmt: skip
_HOSTILE_SIZE = 30_000


@dataclass(slots=True)
class _Score:
    """How many were right, made up and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.wrong + self.missed)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one parser reaches."""

    addresses: float
    pairs: float
    broken: int


def measure(corpus: Path, messages: Path | None) -> list[Row]:
    """Return one row a measure; whole messages are measured when they are at hand."""
    ours, pythons = (_outcome(corpus, parser) for parser in (parse_addresses, _getaddresses))
    found = [
        Row("addresses found, F1", ours.addresses, 0.999, f"email.utils {pythons.addresses:.4f}"),
        Row("(name, address) pairs, F1", ours.pairs, 0.998, f"email.utils {pythons.pairs:.4f}"),
        Row(
            f"headers that crash or hang (labels and {len(_HOSTILE)} hostile)",
            ours.broken,
            0,
            f"email.utils {pythons.broken}",
            at_most=True,
        ),
    ]
    if messages:
        score, count = _whole_messages(corpus, messages)
        if count:
            found.append(Row(f"(field, address) in {count} whole messages, F1", score.f1, 0.999))
    return found


def _outcome(corpus: Path, parser: Parser) -> _Outcome:
    addresses, pairs, broken = _Score(), _Score(), 0
    for row in rows(corpus, "dev_headers.jsonl"):
        found = _patiently(parser, row["value"].encode("latin-1"))
        if found is None:
            broken += 1
        _compare(row, found or [], addresses, pairs)
    for piece in _HOSTILE:
        broken += _patiently(parser, piece * (_HOSTILE_SIZE // len(piece))) is None
    return _Outcome(addresses.f1, pairs.f1, broken)


def _compare(row: dict[str, Any], found: Iterable[Mention], addresses: _Score, pairs: _Score) -> None:
    """Add one header to the scores."""
    rest = list(found)
    for label in row["addresses"]:
        same = [mention for mention in rest if mention.address.lower() == label["address"].lower()]
        names = {label["name"], *label.get("alt_names", ())}
        fitting = [mention for mention in same if not row["name_certain"] or mention.name in names]
        addresses.right += bool(same)
        addresses.missed += not same
        pairs.right += bool(fitting)
        pairs.missed += not fitting
        if same:
            rest.remove((fitting or same)[0])
            pairs.wrong += not fitting
    addresses.wrong += len(rest)
    pairs.wrong += len(rest)


def _whole_messages(corpus: Path, messages: Path) -> tuple[_Score, int]:
    """Compare what the harvest reads from whole headers: which address in which field, once a message."""
    parts = HeaderParts(lambda mention: (AddressRecord(mention.address.lower(), "", "", own=False), None))
    score, count = _Score(), 0
    for row in rows(corpus, "dev_messages.jsonl"):
        path = message(messages, row["file"])
        if path is None:
            continue
        count += 1
        read = parts.of(header_of(path.read_bytes()))
        found = {(name, record.address) for name, place in _FIELDS.items() for record, _ in read[place]}
        labels = {
            (field["header"].lower(), address["address"].lower())
            for field in row["fields"]
            for address in field["addresses"]
            if field["header"].lower() in _FIELDS
        }
        score.right += len(found & labels)
        score.wrong += len(found - labels)
        score.missed += len(labels - found)
    return score, count


def _getaddresses(value: bytes) -> list[Mention]:
    """Read as Python does, its encoded words decoded as its documentation shows."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return [Mention(_decoded(name), address) for name, address in getaddresses([text]) if "@" in address]


def _decoded(name: str) -> str:
    with suppress(HeaderParseError, LookupError, UnicodeError):
        name = str(make_header(decode_header(name)))
    return " ".join(name.split())


def _patiently(parser: Parser, value: bytes) -> list[Mention] | None:
    """Return what was found; None when the parser raised or was still at it when patience ended."""

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_PATIENCE)
    try:
        return parser(value)
    except Exception:  # noqa: BLE001  (whatever it raises is what is counted)
        return None
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
