"""How folders stand that are not open, asked of all at once. Changes nothing on the server.

HIGHESTMODSEQ is not asked for: it tells of no new message that UIDNEXT does not tell of, and asking makes a
server begin to keep mod-sequences (RFC 7162 §3.1), which is a change: Dovecot writes to every folder's index.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import replace

from mailbox_svc.imap.command import Command
from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.folders import Folder, folder_name
from mailbox_svc.imap.framing import Limits, Response
from mailbox_svc.imap.grammar import is_quotable, quoted
from mailbox_svc.imap.session import Session
from mailbox_svc.imap.wire import Wire
from mailbox_svc.model.check import Code
from mailbox_svc.ports.mail import FolderStatus

_ITEMS = b"(MESSAGES UIDNEXT UIDVALIDITY)"
_STATUS = re.compile(rb"\* STATUS (?=.)", re.IGNORECASE | re.DOTALL)
_LIST_OF_ITEMS = re.compile(rb" *\(([^()]*)\) *\Z")
#: RFC 9051 §9 `nz-number`; the UIDNEXT of a full folder is one more.
_LARGEST_UID = (1 << 32) - 1
#: Bytes of commands under way: some hundred of them.
_FLIGHT = 32 << 10
#: For as many folders as a LIST may have without them: two responses each.
_LIMITS = Limits(command=2 * Limits().command, responses_per_command=2 * Limits().responses_per_command)


async def folders_with_status(session: Session) -> list[Folder]:
    """Return all folders, each with its status where the server tells it.

    One round trip where the server can tell both at once (RFC 5819), two elsewhere: thousands of folders are
    asked for without waiting for each. Raises ConnectionFailed(LIST_FAILED) when the server refuses to list.
    """
    if _tells_with_list(session.capabilities):
        statuses = Statuses()
        try:
            folders = await session.list_folders(
                option=b"STATUS " + _ITEMS, others=statuses.take, limits=_LIMITS
            )
        except ConnectionFailed as failure:
            if failure.code is not Code.LIST_FAILED:
                raise
        else:
            return statuses.given_to(folders)
    folders = await session.list_folders()
    # A literal would have to wait for the server; who opens such a folder finds out.
    names = [each.raw_name for each in folders if each.selectable and is_quotable(each.raw_name)]
    statuses = Statuses(names)
    await _ask(session.wire, names, statuses)
    return statuses.given_to(folders)


def parse_status(response: Response) -> tuple[bytes, FolderStatus] | None:
    """Return a folder's name, as the server writes it, and its status.

    None for other responses and for a status that lacks something or cannot be true.
    """
    start = _STATUS.match(response[0])
    named = folder_name(response, start.end()) if start else None
    items = _LIST_OF_ITEMS.match(named[1]) if named else None
    if named is None or items is None:
        return None
    words = items[1].upper().split()
    said = dict(zip(words[::2], map(_number, words[1::2]), strict=False))
    validity, uidnext, exists = (said.get(item) for item in (b"UIDVALIDITY", b"UIDNEXT", b"MESSAGES"))
    if not validity or not uidnext or exists is None:
        return None
    if max(validity, exists, uidnext - 1) > _LARGEST_UID:
        return None
    return named[0], FolderStatus(validity, uidnext, exists)


class Statuses:
    """Collects what a server tells of folders. The first word on a folder counts."""

    def __init__(self, names: Collection[bytes] | None = None) -> None:
        """Only what is told of these names is kept."""
        self._wanted = None if names is None else frozenset(map(_key, names))
        self._found: dict[bytes, FolderStatus] = {}

    def take(self, response: Response) -> None:
        """Keep the response if it is a status."""
        if parsed := parse_status(response):
            key = _key(parsed[0])
            if self._wanted is None or key in self._wanted:
                self._found.setdefault(key, parsed[1])

    def given_to(self, folders: Sequence[Folder]) -> list[Folder]:
        """Return the folders, each with its status."""
        return [replace(folder, status=self._found.get(_key(folder.raw_name))) for folder in folders]


async def _ask(wire: Wire, names: Sequence[bytes], statuses: Statuses) -> None:
    """Ask for the status of each. A refusal is the affair of that one folder."""
    under_way: deque[Command] = deque()
    size = 0
    for name in names:
        command = Command(b"STATUS %b %b" % (quoted(name.decode("ascii")), _ITEMS), sink=statuses.take)
        size += len(command.line)
        while under_way and size > _FLIGHT:
            size -= len(under_way[0].line)
            await wire.finish(under_way.popleft())
        wire.begin(command)
        under_way.append(command)
    for command in under_way:
        await wire.finish(command)


def _tells_with_list(capabilities: frozenset[str]) -> bool:
    """Say whether LIST takes the return option STATUS, which IMAP4rev2 has without an extension."""
    if "IMAP4REV1" not in capabilities:
        return True
    return capabilities >= {"LIST-STATUS", "LIST-EXTENDED"}


def _number(word: bytes) -> int | None:
    return int(word) if word.isdigit() and len(word) <= 10 else None


def _key(raw_name: bytes) -> bytes:
    """Return what is the same for all ways to write a name: RFC 9051 §5.1 has one in any case."""
    return b"INBOX" if raw_name.upper() == b"INBOX" else raw_name
