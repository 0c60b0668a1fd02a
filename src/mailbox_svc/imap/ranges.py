"""Asks for the messages of a folder range by range, one ahead, and tells the sink how far all is there."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import ParamSpec, TypeVar

from mailbox_svc.imap.command import Command, Reply
from mailbox_svc.imap.examine import parse_uidvalidity
from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.fetch import LARGEST_HEADER, NOBODY, Taker, drop, parse_fetch, skim
from mailbox_svc.imap.framing import Limits, Response, Skimming
from mailbox_svc.imap.grammar import Status
from mailbox_svc.imap.wire import Wire
from mailbox_svc.ports.mail import FolderGone, HeaderSink, OpenFolder

#: Ranges that are not yet stored, at most: one that is being stored, one that comes in, and one behind it.
DEPTH = 3
#: The share of a range that is there when the next is asked for. Earlier, a server far away would wait less;
#: but Dovecot works on all it was asked for side by side, and what comes early must be kept, and then given
#: to the sink all at once, while nobody else gets a turn.
_NEARLY_IN = 0.75
#: Bytes that are kept of what comes before its turn, and what a message costs beside its own.
_EARLY_LIMIT, _EARLY_COST = 16 << 20, 200
#: RFC 5530: some of the messages are gone, the others were sent.
_EXPUNGED = b"[EXPUNGEISSUED]"


_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Range(Taker):
    """One range under way."""

    command: Command
    #: The tagged response, when it has come.
    end: Status | None = None
    #: Its turn has come: what there is of it goes to the sink.
    open = False
    #: Its turn is over.
    over = False
    #: What comes for it is not wanted any more.
    void = False
    #: All of it has been given to the sink.
    reached = False

    def __init__(self, first: int, last: int, sink: HeaderSink) -> None:
        super().__init__(first, last, self._keep)
        self._sink = sink
        #: What came before its turn, and how much memory it takes.
        self._early: list[tuple[int, bytes]] = []
        self.early_bytes = 0

    def begin_turn(self) -> None:
        """Give the sink what has come, and from now on what comes."""
        if self.open or self.void:
            return
        self.open = True
        self._take = self._sink.message
        for uid, header in self._early:
            self._take(uid, header)
        self._forget_early()

    def cancel(self) -> None:
        """Take no more."""
        self.void = True
        self._take = drop
        self._forget_early()

    def _keep(self, uid: int, header: bytes) -> None:
        self._early.append((uid, header))
        self.early_bytes += len(header) + _EARLY_COST

    def _forget_early(self) -> None:
        self._early.clear()
        self.early_bytes = 0


class RangeReading:
    """One pass over the open folder.

    The next range is asked for when the last one is nearly there, even while others are being stored. A
    server may then work on both side by side (RFC 9051 §5.5), and Dovecot does as soon as we read slower than
    it writes. What comes before its turn is kept for a while; if it is too much, it is thrown away and asked
    for again, one range at a time.
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
        size: int,
    ) -> None:
        """`ends` are the last UIDs of the ranges, in order, at least one; `size` is in messages."""
        self._wire = wire
        self._folder = folder
        self._sink = sink
        self._items = f"(UID BODY.PEEK[HEADER.FIELDS ({' '.join(fields)})])".encode("ascii")
        self._ends = ends
        self._nearly_in = int(size * _NEARLY_IN)
        #: All messages up to here were given to the sink.
        self._reached = after_uid
        #: All messages up to here were asked for.
        self._asked = after_uid
        self._depth = DEPTH
        #: Oldest first.
        self._under_way: deque[_Range] = deque()
        #: Ranges were cancelled that have to be asked for again.
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
            current = self._under_way[0]
            if current.reached:
                await self._sink.checkpoint()
            elif not current.void:
                refusal = reply
            self._under_way.popleft()
            self._ask()
        return refusal

    def _ask(self) -> None:
        """Ask for the next range, if it is time."""
        if self._disordered and not self._under_way:
            self._disordered, self._depth, self._asked = False, 1, self._reached
        if self._stopped or self._disordered or self._asked == self._ends[-1] or not self._is_time():
            return
        first, last = self._asked + 1, self._ends[bisect_right(self._ends, self._asked)]
        range_ = _Range(first, last, self._sink)
        range_.command = Command(
            b"UID FETCH %d:%d %b" % (first, last, self._items),
            sink=self._keeping(self._take),
            skimmer=self._keeping(self._skim),
            ended=self._keeping(partial(self._ended, range_)),
            limits=_limits(min(last - first + 1, self._folder.exists)),
        )
        self._under_way.append(range_)
        self._asked = last
        self._begin_turn()
        self._wire.begin(range_.command)

    def _is_time(self) -> bool:
        """Tell whether there is room for another range, and the last one is nearly there."""
        if not self._under_way:
            return True
        if len(self._under_way) >= self._depth or not self._wire.alive:
            return False  # to ask a dead wire raises; that can wait until what it gave is stored
        newest = self._under_way[-1]
        if newest.end is not None:
            return not _refuses(newest.end)
        return newest.taken >= self._nearly_in

    # Called while bytes come in.

    def _skim(self, buffer: bytearray, skimming: Skimming) -> None:
        skim(self._taker_of, buffer, skimming)
        self._limit_early()
        self._ask()

    def _take(self, response: Response) -> None:
        fetched = parse_fetch(response)
        if fetched is None:
            if parse_uidvalidity(response[0]) not in {None, self._folder.uidvalidity}:
                self._stop()
        elif fetched.uid is not None and fetched.header is not None:
            self._taker_of(fetched.uid).give(fetched.uid, fetched.header)
            self._limit_early()

    def _taker_of(self, uid: int) -> Taker:
        return next((each for each in self._turns() if each.first <= uid <= each.last), NOBODY)

    def _limit_early(self) -> None:
        if sum(each.early_bytes for each in self._under_way) > _EARLY_LIMIT:
            self._disordered = True
            for each in self._turns()[1:]:
                each.cancel()

    def _ended(self, range_: _Range, status: Status) -> None:
        range_.end = status
        while (turns := self._turns()) and turns[0].end is not None:
            turns[0].over = True
            if not turns[0].void:
                self._close(turns[0], turns[0].end)
            self._begin_turn()
        self._ask()

    def _close(self, range_: _Range, status: Status) -> None:
        """Say that all of a range is there, or stop when the server has refused it."""
        if _refuses(status):
            self._stop()
            return
        range_.reached = True
        self._reached = range_.last
        self._sink.reached(range_.last)

    def _begin_turn(self) -> None:
        for oldest in self._turns()[:1]:
            oldest.begin_turn()

    def _turns(self) -> list[_Range]:
        """Return the ranges whose turn is not over, oldest first."""
        return [each for each in self._under_way if not each.over]

    def _stop(self) -> None:
        """Take no more of anything."""
        self._stopped = True
        for each in self._turns():
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


def _refuses(status: Status) -> bool:
    return status.word != b"OK" and not status.text.upper().startswith(_EXPUNGED)


def _limits(messages: int) -> Limits:
    """Return what one range may bring: this many messages of any honest size, and what other clients do."""
    return Limits(
        literal=LARGEST_HEADER,
        response=2 * LARGEST_HEADER,
        command=(64 << 20) + messages * (64 << 10),
        responses_per_command=50_000 + 4 * messages,
        cuts_literals=True,
    )
