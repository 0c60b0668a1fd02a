"""Reading headers over a session that has logged in. Sends EXAMINE and FETCH of PEEK only: nothing changes.

Messages are asked for in ranges of UIDs, the next one before the last is all there, so that a server far away
does not wait for us between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mailbox_svc.imap.command import Command, Reply
from mailbox_svc.imap.examine import Examined, parse_examined
from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.fetch import parse_fetch
from mailbox_svc.imap.grammar import is_quotable, quoted
from mailbox_svc.imap.ranges import RangeReading
from mailbox_svc.imap.session import Session
from mailbox_svc.imap.status import folders_with_status
from mailbox_svc.model.check import Code, ConnectionReport
from mailbox_svc.ports.mail import (
    HEADER_FIELDS,
    FolderGone,
    FolderStatus,
    HeaderSink,
    MailFolder,
    OpenFolder,
    ReadingFailed,
)

#: Messages in a range: enough that asking costs nothing, few enough that little is lost with a connection.
RANGE = 5_000
#: Of the places where a folder is cut into ranges; a line of 4,000 bytes, which every server takes.
_MOST_CUTS = 500
#: Refusals that are not about the folder.
_NOT_NOW = frozenset({Code.RATE_LIMITED, Code.TOO_MANY_CONNECTIONS})

Report = Callable[[Exception], ConnectionReport]


class ImapReader:
    """Satisfies `ports.mail.MailReader`. After ReadingFailed it is of no more use."""

    def __init__(self, session: Session, report: Report, *, range_size: int = RANGE) -> None:
        """`report` tells what a failure means; `range_size` is in messages."""
        self._session = session
        self._report = report
        self._range_size = range_size
        self._open: OpenFolder | None = None
        #: How folders stood when they were listed.
        self._told: dict[bytes, FolderStatus | None] = {}

    async def folders(self) -> Sequence[MailFolder]:
        """Return all folders, with what the server tells of each that is not open."""
        with self._telling():
            folders = await folders_with_status(self._session)
        self._told = {folder.raw_name: folder.status for folder in folders}
        return folders

    async def examine(self, raw_name: bytes) -> OpenFolder:
        """Open a folder read-only.

        Raises FolderGone when the server refuses, or does not tell UIDVALIDITY or the number of messages:
        such a folder has no lasting UIDs (RFC 9051 §2.3.1.1).
        """
        self._open = None
        with self._telling():
            reply = await self._execute(_examine(raw_name))
            if not reply.ok:
                raise self._refusal(reply)
            said = parse_examined(reply.untagged)
            self._open = await self._opened(said, self._told.get(raw_name))
        return self._open

    async def read(self, after_uid: int, sink: HeaderSink, *, fields: Sequence[str] = HEADER_FIELDS) -> None:
        """Give the sink all messages of the open folder above `after_uid` and below its UIDNEXT.

        What arrives meanwhile is for the next time. Raises FolderGone when the server refuses or the folder's
        UIDs have lost their meaning; the reader goes on working then.
        """
        folder = self._open
        if folder is None:
            raise RuntimeError("no folder is open")
        last = folder.uidnext - 1
        if folder.exists == 0 or last <= after_uid:
            return
        with self._telling():
            cuts = await self._cuts(folder) if last - after_uid > self._range_size < folder.exists else []
            ends = [*sorted(cut for cut in cuts if after_uid < cut < last), last]
            wire, size = self._session.wire, self._step(folder)
            reading = RangeReading(
                wire, folder, sink, fields=fields, after_uid=after_uid, ends=ends, size=size
            )
            reply = await reading.run()
            if reply is not None:
                raise self._refusal(reply)

    async def _opened(self, said: Examined, told: FolderStatus | None) -> OpenFolder:
        if said.uidvalidity is None or said.exists is None:
            raise FolderGone
        uidnext = said.uidnext
        if not uidnext and told is not None and told.uidvalidity == said.uidvalidity:
            uidnext = told.uidnext  # Courier tells it there alone
        if not uidnext:
            uidnext = await self._uidnext(said.exists)
        return OpenFolder(said.uidvalidity, uidnext, said.exists, said.highestmodseq)

    async def _uidnext(self, exists: int) -> int:
        """Find out what the server did not say; RFC 3501 let it."""
        if exists == 0:
            return 1
        return max(await self._uids(b"*"), default=0) + 1

    async def _cuts(self, folder: OpenFolder) -> set[int]:
        """Return the UIDs of every so many messages: however sparse UIDs are, ranges hold as many.

        A server that will not say gets ranges of the same width.
        """
        step = self._step(folder)
        sequence = range(step, folder.exists, step)
        cuts = await self._uids(b",".join(b"%d" % number for number in sequence))
        width = folder.uidnext // (len(sequence) + 1) + 1
        return cuts or set(range(width, folder.uidnext, width))

    def _step(self, folder: OpenFolder) -> int:
        """Return how many messages a range of this folder holds."""
        return max(self._range_size, folder.exists // _MOST_CUTS + 1)

    async def _uids(self, sequence: bytes) -> set[int]:
        reply = await self._execute(Command(b"FETCH " + sequence + b" (UID)"))
        fetched = filter(None, map(parse_fetch, reply.untagged))
        return {each.uid for each in fetched if each.uid is not None}

    async def _execute(self, command: Command) -> Reply:
        self._session.wire.begin(command)
        return await self._session.wire.finish(command)

    def _refusal(self, reply: Reply) -> Exception:
        """Say what it means that the server refused a command on a folder."""
        report = self._report(ConnectionFailed(Code.LIST_FAILED, server_text=reply.server_text))
        if report.code not in _NOT_NOW:
            if self._open is None or reply.word == b"NO":
                # BAD too may be about the folder: about its name.
                return FolderGone()
            report = self._report(ConnectionFailed(Code.PROTOCOL_ERROR))
        self._session.abort()
        return ReadingFailed(report)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what a connection dies of into ReadingFailed."""
        try:
            yield
        except ConnectionFailed as failure:
            raise ReadingFailed(self._report(failure)) from None


def _examine(raw_name: bytes) -> Command:
    if is_quotable(raw_name):
        return Command(b"EXAMINE " + quoted(raw_name.decode("ascii")))
    answers = [raw_name]
    # RFC 9051 §4.3: the server asks for a literal when it is ready.
    return Command(b"EXAMINE {%d}" % len(raw_name), answer=lambda _: answers.pop() if answers else None)
