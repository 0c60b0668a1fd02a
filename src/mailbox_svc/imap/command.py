"""A command and its answer, as the wire sends and takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mailbox_svc.imap.framing import Limits, Response, Skimmer
from mailbox_svc.imap.grammar import Status

#: Given an untagged response of the running command.
Sink = Callable[[Response], None]
#: Given a server's challenge (what follows `+ `), returns the line to answer; None when there is none.
Answer = Callable[[bytes], bytes | None]


@dataclass(slots=True)
class Command:
    """What is asked of the server, and how its answer is taken."""

    #: Without tag and CRLF.
    line: bytes = field(repr=False)
    #: Takes the untagged responses as they come; without it they are in the reply.
    sink: Sink | None = None
    #: Answers the server's challenges.
    answer: Answer | None = None
    #: Nothing may follow the tagged OK: for STARTTLS, where it is an injection.
    seals: bool = False
    #: Takes what it knows off the buffer before the rest is cut into responses for `sink`.
    skimmer: Skimmer | None = None
    #: Called with the tagged response at once, before anything behind it is looked at.
    ended: Callable[[Status], None] | None = None
    #: In the place of the connection's own; after the login.
    limits: Limits | None = None

    tag: bytes = field(default=b"", init=False)
    #: The tagged response, when it has come.
    end: Status | None = field(default=None, init=False)
    #: What no `sink` took.
    untagged: list[Response] = field(default_factory=list, init=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """The end of a command."""

    #: OK, NO or BAD.
    word: bytes
    #: What follows OK, NO or BAD, response code included.
    text: bytes
    #: The untagged responses, unless a sink took them.
    untagged: list[Response]
    #: What the server said about a failure, one text a line: the tagged one, then NO, BAD, BYE and ALERT.
    server_text: bytes

    @property
    def ok(self) -> bool:
        return self.word == b"OK"
