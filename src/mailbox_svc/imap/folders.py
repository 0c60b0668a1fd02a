"""Folders as LIST shows them. A folder's use is told by attribute, never by name: names are localised."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailbox_svc.imap import utf7
from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.framing import Response
from mailbox_svc.imap.grammar import unquoted
from mailbox_svc.model.check import Code
from mailbox_svc.ports.mail import MailFolder

#: RFC 9051 §9 `mailbox-list` up to the name.
_LIST = re.compile(
    rb'\* LIST \((?P<attributes>[^()"]*)\) (?:NIL|"(?P<delimiter>\\.|[^"\\])") (?=.)',
    re.IGNORECASE | re.DOTALL,
)
#: The name: a literal, a quoted string, or the rest of the line up to the extended data of RFC 5258.
_LITERAL = re.compile(rb"~?\{\d+\+?\}\Z")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Folder(MailFolder):
    r"""One folder of the server.

    Its name is printable. What is not valid modified UTF-7 is shown as UTF-8, odd bytes as `\xff`.
    """

    #: Between the levels of the hierarchy; None in a flat one.
    delimiter: str | None


def is_list(response: Response) -> bool:
    return response[0][:7].upper() == b"* LIST "


def parse_list(response: Response) -> Folder:
    """Return the folder of one `* LIST` response. Raises ConnectionFailed(PROTOCOL_ERROR)."""
    match = _LIST.match(response[0])
    if match is None:
        raise ConnectionFailed(Code.PROTOCOL_ERROR)
    named = folder_name(response, match.end())
    if named is None:
        raise ConnectionFailed(Code.PROTOCOL_ERROR)
    raw_name, delimiter = named[0], match["delimiter"]
    return Folder(
        name=_readable(raw_name),
        raw_name=raw_name,
        delimiter=None if delimiter is None else unquoted(delimiter).decode("latin-1"),
        attributes=frozenset(match["attributes"].decode("latin-1").lower().split()),
    )


def folder_name(response: Response, start: int) -> tuple[bytes, bytes] | None:
    """Return the name that starts here in the first line, and what follows it; None when there is none."""
    line = response[0]
    if _LITERAL.match(line, start):
        return response[1], response[2]
    if quoted := _QUOTED.match(line, start):
        return unquoted(quoted[1]), line[quoted.end() :]
    # Some servers send a name with spaces unquoted, so an atom does not end at a space.
    name, space, rest = line[start:].partition(b" (")
    if len(response) > 1 or name[:1] in {b'"', b"{", b"("}:
        return None
    return name, space + rest


def _readable(raw_name: bytes) -> str:
    try:
        name = utf7.decode(raw_name)
    except ValueError:
        # UTF-8 without being asked for it is common; what is neither still needs some name.
        name = raw_name.decode("utf-8", "backslashreplace")
    if name.isprintable():
        return name
    # Databases refuse NUL, and terminals obey the others.
    return "".join(char if char.isprintable() else "\ufffd" for char in name)
