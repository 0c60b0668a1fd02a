"""One connection on the level of bytes and commands: aioimaplib's protocol with its byte layer replaced.

Invariants:
- No byte of a server or of a command reaches a log or an exception's text: nothing here logs, and no
  exception leaves a callback, because asyncio would log it.
- Commands end in the order in which they were begun, or they are told that they did not. One that fails,
  times out or is cancelled takes the connection with it.
- `abort` is the one way to die, and wakes whoever waits, at once.

Of aioimaplib there remain the states, the tags and the transport. Its own commands (`login`, `fetch`, …)
do not get through: they leave user names unquoted and drop what they did not expect.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque

from aioimaplib.aioimaplib import AUTH, NONAUTH, IMAP4ClientProtocol

from mailbox_svc.imap import grammar
from mailbox_svc.imap.command import Answer, Command, Reply, Sink
from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.framing import Framer, Limits, Response
from mailbox_svc.model.check import Code

#: Seconds that a server has after BYE to send the tagged response or close, before we do.
_BYE_GRACE = 0.2
#: Bytes of what a server said that are kept for `classify`.
_REMARKS_LIMIT = 4 << 10
_CRLF = b"\r\n"
#: Bytes after which others get a turn: uvloop would read on, up to 8 MB, a quarter of a second of messages.
_TURN = 64 << 10


class Wire(IMAP4ClientProtocol):  # type: ignore[misc]  # aioimaplib ships no types
    """The protocol of one connection."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport | None

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(asyncio.get_running_loop())
        self._framer = Framer(limits or Limits())
        self._greeting: bytes | None = None
        #: Oldest first.
        self._running: deque[Command] = deque()
        #: Seconds that the server may be silent while it is waited for; None is for ever.
        self.patience: float | None = None
        self._received_at = 0.0
        self._waiter: asyncio.Future[None] | None = None
        self._failure: ConnectionFailed | None = None
        #: The texts of NO, BAD, BYE and ALERT since the command began, one a line.
        self._remarks = bytearray()
        #: Runs from BYE on.
        self._bye_timer: asyncio.TimerHandle | None = None
        #: Runs while somebody waits.
        self._silence_timer: asyncio.TimerHandle | None = None
        self._sealed = False
        self._turn_left = _TURN

    # What the session calls.

    async def greeting(self) -> bytes:
        """Wait for the greeting and return its text.

        Raises ConnectionFailed: NOT_IMAP, PREAUTH_REFUSED, SERVER_BYE or how the connection was lost.
        """
        while self._greeting is None:
            await self._wait()
        return self._greeting

    async def execute(
        self, line: bytes, *, sink: Sink | None = None, answer: Answer | None = None, seals: bool = False
    ) -> Reply:
        """Send a command and return its tagged response, be it OK, NO or BAD; see `Command` for the rest.

        Raises ConnectionFailed for all else; the connection is then closed.
        """
        if self._running:
            raise RuntimeError("one command at a time")
        command = Command(line, sink, answer, seals)
        self.begin(command)
        return await self.finish(command)

    def begin(self, command: Command) -> None:
        """Send a command, though others may be under way; `finish` waits for its end.

        Only commands after the login that take no challenge may be sent while others are under way.
        Raises ConnectionFailed.
        """
        if self._bye_timer is not None:
            self._lost(None)
        self._raise_failure()
        if not self._running:
            self._remarks.clear()
            self._start(command)
        command.tag = self.new_tag().encode("ascii")
        self._running.append(command)
        self.write(command.tag + b" " + command.line)

    async def finish(self, command: Command) -> Reply:
        """Wait for the tagged response. Raises ConnectionFailed."""
        while command.end is None:
            await self._wait()
        end = command.end
        # A BYE that came together with the tagged response belongs to it.
        server_text = b"\n".join(filter(None, [end.text, bytes(self._remarks)]))
        return Reply(end.word, end.text, command.untagged, server_text[:_REMARKS_LIMIT])

    def _start(self, command: Command) -> None:
        """Make ready for what the server answers to this one."""
        if self.state == AUTH:
            self._framer.start_command(command.limits)

    def write(self, line: bytes) -> None:
        if self.transport is not None:
            self.transport.write(line + _CRLF)

    def logged_in(self) -> None:
        """Lift the limit on what a stranger may send."""
        self.state = AUTH

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Encrypt the connection. Raises OSError, ssl.SSLError among it, or ConnectionFailed."""
        self._raise_failure()
        assert self.transport is not None  # noqa: S101  it is while there is no failure
        self.transport = await self.loop.start_tls(self.transport, self, context, server_hostname=host)
        self._sealed = False

    @property
    def encrypted(self) -> bool:
        return self.transport is not None and self.transport.get_extra_info("ssl_object") is not None

    @property
    def alive(self) -> bool:
        return self._failure is None and self._bye_timer is None

    def abort(self, code: Code = Code.SERVER_DISCONNECTED, server_text: bytes = b"") -> None:
        """Close the connection now and fail who waits. Only the first call's code counts."""
        if self._failure is None:
            self._failure = ConnectionFailed(code, server_text=server_text)
        if self._bye_timer is not None:
            self._bye_timer.cancel()
            self._bye_timer = None
        if self.transport is not None:
            self.transport.abort()
        self._running.clear()
        self._wake()

    async def _wait(self) -> None:
        """Wait until something was received that matters, or the connection fails."""
        self._raise_failure()
        self._waiter = self.loop.create_future()
        self._received_at = self.loop.time()
        self._watch_silence()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.abort()
            raise
        finally:
            self._waiter = None
            if self._silence_timer is not None:
                self._silence_timer.cancel()
                self._silence_timer = None

    def _watch_silence(self) -> None:
        """End the connection when the server has been silent for too long, else look again later.

        Only while somebody waits for it: what we do in between is not the server's time.
        """
        if self.patience is None:
            return
        end = self._received_at + self.patience
        if self.loop.time() < end:
            self._silence_timer = self.loop.call_at(end, self._watch_silence)
        else:
            self.abort(Code.SERVER_TIMEOUT, bytes(self._remarks))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise ConnectionFailed(self._failure.code, server_text=self._failure.server_text)

    # What asyncio calls.

    def data_received(self, d: bytes) -> None:
        try:
            self._framer.append(d)
            self._receive()
        except ConnectionFailed as failure:
            self.abort(failure.code, failure.server_text)
        except Exception:  # noqa: BLE001  asyncio would log it, and with it what the server sent
            self.abort(Code.PROTOCOL_ERROR)
        # Now, and not before: what we made of it took our time and not the server's.
        self._received_at = self.loop.time()
        self._turn_left -= len(d)
        if self._turn_left < 0 and self.transport is not None:
            self._turn_left = _TURN
            self.transport.pause_reading()
            self.loop.call_soon(self.transport.resume_reading)  # neither minds a closed one

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(exc)
        self.transport = None

    def _lost(self, exc: Exception | None) -> None:
        if self._bye_timer is not None:
            code = Code.SERVER_BYE
        elif isinstance(exc, ssl.SSLError):
            code = Code.TLS_FAILURE
        else:
            code = Code.SERVER_DISCONNECTED
        self.abort(code, bytes(self._remarks))

    def _receive(self) -> None:
        if self._greeting is None and not self._framer.may_start_with(b"* "):
            raise ConnectionFailed(Code.NOT_IMAP)
        while self._failure is None and not self._sealed:
            if self._running and (skimmer := self._running[0].skimmer) and self._framer.skim(skimmer):
                return
            response = self._framer.next()
            if response is None:
                return
            self._dispatch(response)
        if self._sealed and self._framer.pending:
            raise ConnectionFailed(Code.PROTOCOL_ERROR)

    # What the server says.

    def _dispatch(self, response: Response) -> None:
        line = response[0]
        if self._greeting is None:
            self._on_greeting(line)
        elif line.startswith(b"* "):
            self._on_untagged(response)
        elif line.startswith(b"+"):
            self._on_challenge(line[1:].lstrip(b" "))
        elif line:  # some servers send an empty line after a literal
            self._on_tagged(line)

    def _on_greeting(self, line: bytes) -> None:
        greeting = grammar.parse_greeting(line)
        if greeting is None:
            raise ConnectionFailed(Code.NOT_IMAP)
        if greeting.word == b"PREAUTH":
            raise ConnectionFailed(Code.PREAUTH_REFUSED)
        if greeting.word == b"BYE":
            raise ConnectionFailed(Code.SERVER_BYE, server_text=greeting.text[:_REMARKS_LIMIT])
        self.state = NONAUTH
        self._greeting = greeting.text
        self._wake()

    def _on_untagged(self, response: Response) -> None:
        status = grammar.parse_untagged_status(response[0])
        if status is not None:
            self._on_remark(status)
        if self._running:
            oldest = self._running[0]
            (oldest.sink or oldest.untagged.append)(response)

    def _on_remark(self, status: grammar.Status) -> None:
        if status.word != b"OK" or status.text[:7].upper() == b"[ALERT]":
            line = status.text if not self._remarks else b"\n" + status.text
            self._remarks += line[: _REMARKS_LIMIT - len(self._remarks)]
        if status.word != b"BYE":
            return
        if not self._running:
            raise ConnectionFailed(Code.SERVER_BYE, server_text=bytes(self._remarks))
        # The tagged response often comes next and says more.
        if self._bye_timer is None:
            self._bye_timer = self.loop.call_later(_BYE_GRACE, self._lost, None)

    def _on_challenge(self, challenge: bytes) -> None:
        answerer = self._running[0].answer if self._running else None
        answer = answerer(challenge) if answerer is not None else None
        if answer is None:
            raise ConnectionFailed(Code.PROTOCOL_ERROR)
        self.write(answer)

    def _on_tagged(self, line: bytes) -> None:
        status = grammar.parse_tagged(line)
        command = next((each for each in self._running if status and each.tag == status.tag), None)
        if status is None or command is None:
            raise ConnectionFailed(Code.PROTOCOL_ERROR)
        was_oldest = command is self._running[0]
        self._running.remove(command)
        if was_oldest and self._running:
            self._start(self._running[0])
        if command.ended is not None:
            command.ended(status)
        command.end = status
        self._sealed = command.seals and status.word == b"OK"
        self._wake()
