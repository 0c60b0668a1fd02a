"""Asks for the messages of a folder range by range, a few ahead, and tells the sink how far all is there."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import ParamSpec, TypeVar

from mailbox_svc.imap.command import Command, Reply
from mailbox_svc.imap.examine import parse_uidvalidity
from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.fetch import LARGEST_HEADER, RangeTaker, parse_fetch
from mailbox_svc.imap.framing import Limits, Response
from mailbox_svc.imap.grammar import Status
from mailbox_svc.imap.wire import Wire
from mailbox_svc.ports.mail import FolderGone, HeaderSink, OpenFolder

#: Ranges under way at once: one that comes in, and enough behind it for a round trip of a tenth of a second.
DEPTH = 3
#: RFC 5530: some of the messages are gone, the others were sent.
_EXPUNGED = b"[EXPUNGEISSUED]"


_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Range(RangeTaker):
    """One range under way."""

    command: Command
    #: Its tagged response has come.
    over = False
    #: What comes for it is not wanted any more.
    void = False
    #: All of it has been given to the sink.
    reached = False

    def cancel(self) -> None:
        self.void = True
        self.last = 0  # no UID is within


class RangeReading:
    """One pass over the open folder.

    A server may answer commands in another order than they were sent (RFC 9051 §5.5). Then what comes before
    its turn is thrown away and asked for again, one range at a time.
    """

    def __init__(
        self,
        wire: Wire,
        folder: OpenFolder,
        sink: HeaderSink,
        *,
        fields: Sequence[str],
        after_uid: int,
        ends: Sequence[int],
    ) -> None:
        """`ends` are the last UIDs of the ranges, in order; at least one."""
        self._wire = wire
        self._folder = folder
        self._sink = sink
        self._items = f"(UID BODY.PEEK[HEADER.FIELDS ({' '.join(fields)})])".encode("ascii")
        self._ends = ends
        #: All messages up to here were given to the sink.
        self._reached = after_uid
        #: All messages up to here were asked for.
        self._asked = after_uid
        self._depth = DEPTH
        #: Oldest first.
        self._under_way: deque[_Range] = deque()
        self._disordered = False
        #: Nothing more is asked for.
        self._stopped = False
        #: What the sink raised.
        self._error: Exception | None = None

    async def run(self) -> Reply | None:
        """Read it all; returns the refusal of a range, if there was one.

        Raises ConnectionFailed, FolderGone when UIDVALIDITY has changed, and what the sink raises.
        """
        try:
            refusal = await self._read()
        except ConnectionFailed:
            if self._error is None:
                raise
            raise self._error from None
        except BaseException:
            self._wire.abort()
            raise
        finally:
            self._error = None  # it refers to us
        if self._stopped and refusal is None:
            raise FolderGone
        return refusal

    async def _read(self) -> Reply | None:
        refusal: Reply | None = None
        self._ask()
        while self._under_way:
            reply = await self._wire.finish(self._under_way[0].command)
            current = self._under_way.popleft()
            if current.reached:
                await self._sink.checkpoint()
            elif not current.void:
                refusal = reply
            # What is there is dealt with before a new command may find the connection dead.
            if not self._under_way or not self._under_way[0].over:
                self._ask()
        return refusal

    def _ask(self) -> None:
        """Ask for the next ranges, as many as may be under way."""
        if self._disordered and not self._under_way:
            self._disordered, self._depth, self._asked = False, 1, self._reached
        if self._stopped or self._disordered:
            return
        while len(self._under_way) < self._depth and self._asked < self._ends[-1]:
            first, last = self._asked + 1, self._ends[bisect_right(self._ends, self._asked)]
            range_ = _Range(first, last, self._sink.message, self._stray)
            range_.command = Command(
                b"UID FETCH %d:%d %b" % (first, last, self._items),
                sink=self._keeping(partial(self._take, range_)),
                skimmer=self._keeping(range_.skim),
                ended=self._keeping(partial(self._ended, range_)),
                limits=_limits(min(last - first + 1, self._folder.exists)),
            )
            self._under_way.append(range_)
            self._asked = last
            self._wire.begin(range_.command)

    # Called while bytes come in.

    def _take(self, range_: _Range, response: Response) -> None:
        fetched = parse_fetch(response)
        if fetched is not None:
            range_.take(fetched)
        elif parse_uidvalidity(response[0]) not in {None, self._folder.uidvalidity}:
            self._stop()

    def _stray(self, uid: int) -> None:
        """Look at a message that is not of the oldest range."""
        if self._oldest().last < uid <= self._asked:
            self._disorder()

    def _ended(self, range_: _Range, status: Status) -> None:
        if range_ is not self._oldest():
            self._disorder()
        range_.over = True
        if range_.void:
            return
        if status.word != b"OK" and not status.text.upper().startswith(_EXPUNGED):
            self._stop()
            return
        range_.reached = True
        self._reached = range_.last
        self._sink.reached(range_.last)

    def _oldest(self) -> _Range:
        return next(each for each in self._under_way if not each.over)

    def _disorder(self) -> None:
        """Let the oldest range go on, and ask again for those behind it."""
        self._disordered = True
        for each in self._under_way:
            if not each.over and each is not self._oldest():
                each.cancel()

    def _stop(self) -> None:
        """Take no more of anything."""
        self._stopped = True
        for each in self._under_way:
            if not each.over:
                each.cancel()

    def _keeping(self, callback: Callable[_P, _T]) -> Callable[_P, _T]:
        """Keep what the sink raises in it: the wire lets no exception through."""

        def call(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            try:
                return callback(*args, **kwargs)
            except ConnectionFailed:
                raise
            except Exception as error:
                self._error = error
                raise

        return call


def _limits(messages: int) -> Limits:
    """Return what one range may bring: this many messages of any honest size, and what other clients do."""
    return Limits(
        literal=LARGEST_HEADER,
        response=2 * LARGEST_HEADER,
        command=(64 << 20) + messages * (64 << 10),
        responses_per_command=100_000 + 4 * messages,
        cuts_literals=True,
    )
