"""Reading a mailbox's message headers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from mailbox_svc.model.check import ConnectionReport, Credential
from mailbox_svc.model.mailbox import Destination

#: The header fields that are read, in no order that matters.
HEADER_FIELDS = (
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Post",
    "List-Unsubscribe",
    "Precedence",
    "Auto-Submitted",
)


class ReadingFailed(Exception):
    """The server, the network or the login ended the reading; `report` says it as a test would."""

    def __init__(self, report: ConnectionReport) -> None:
        super().__init__(report.code.value)
        self.report = report


class NoCredential(ReadingFailed):
    """There is nothing to log in with: the account's provider gives no access token. No server was asked."""


class FolderGone(Exception):
    """The folder cannot be opened: it was removed or renamed, or the user may not read it."""


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """How a folder stands (RFC 9051 §6.3.11)."""

    uidvalidity: int
    #: The UID that the next message will get at least.
    uidnext: int
    #: Messages in it.
    exists: int


@dataclass(frozen=True, slots=True)
class MailFolder:
    """A folder of the server."""

    #: For people.
    name: str
    #: For the server: as it wrote it.
    raw_name: bytes
    #: In lower case, with their backslash: `\\all`, `\\noselect`.
    attributes: frozenset[str]
    #: As the server told it without opening the folder; None when it did not. Servers may be wrong here.
    status: FolderStatus | None = field(default=None, kw_only=True)

    @property
    def selectable(self) -> bool:
        return self.attributes.isdisjoint({"\\noselect", "\\nonexistent"})


@dataclass(frozen=True, slots=True)
class OpenFolder(FolderStatus):
    """What EXAMINE says (RFC 9051 §6.3.2)."""

    #: RFC 7162; None where the server does not say.
    highestmodseq: int | None


class HeaderSink(Protocol):
    """Takes message headers as they come in."""

    def message(self, uid: int, header: bytes) -> None:
        """Take one message: the header lines asked for, each folded as it was sent, CRLF between them.

        Called synchronously while bytes come in, at most once for each UID asked for, in the server's
        order. Must not block; what it raises ends the reading.
        """

    def reached(self, uid: int) -> None:
        """Know that every message up to this UID has been given to `message`, and none above.

        Called synchronously, before the first message above it is given.
        """

    async def checkpoint(self) -> None:
        """Do what takes time, such as committing.

        Messages go on coming in meanwhile, and `reached` goes on, but only a few ranges far.
        """


class MailReader(Protocol):
    """A session that has logged in. Never changes the mailbox. Every method raises ReadingFailed."""

    async def folders(self) -> Sequence[MailFolder]:
        """Return all folders. Asks for all that they are told with at once, not one by one."""

    async def examine(self, raw_name: bytes) -> OpenFolder:
        """Open a folder read-only. Raises FolderGone when the server refuses, and then goes on working."""

    async def read(self, after_uid: int, sink: HeaderSink, *, fields: Sequence[str] = HEADER_FIELDS) -> None:
        """Give the sink all messages of the open folder with a UID above `after_uid`.

        Raises FolderGone when the server refuses in the midst of it.
        """


class MailSource(Protocol):
    """Opens mailboxes for reading."""

    def open(
        self, destination: Destination, credential: Credential, *, timeout: float
    ) -> AbstractAsyncContextManager[MailReader]:
        """Connect and log in within `timeout` seconds. Raises ReadingFailed."""
