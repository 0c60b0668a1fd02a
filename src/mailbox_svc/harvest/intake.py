"""Takes message headers in and counts who is in them: the hot path of a harvest.

A message costs about ten microseconds, because mail repeats itself and what was read once is looked up.
Nothing here waits, and no header stays behind.
"""

from __future__ import annotations

from collections.abc import Collection

from mailbox_svc.contacts.hosts import host
from mailbox_svc.harvest.dates import Dates
from mailbox_svc.harvest.header_addresses import Mention
from mailbox_svc.harvest.header_parts import (
    BCC,
    CC,
    DATE,
    FROM,
    LIST_ID,
    LIST_POST,
    MARKS,
    MESSAGE_ID,
    REPLY_TO,
    SENDER,
    TO,
    HeaderParts,
    Parts,
)
from mailbox_svc.harvest.key_set import KEY_SIZE, KeySet, message_key
from mailbox_svc.harvest.marks import Mark
from mailbox_svc.harvest.records import (
    AS_LIST,
    AS_REPLY_TO,
    AS_SENDER,
    BULK,
    FIRST,
    GENERATED,
    INDIRECTLY,
    LAST,
    LAST_RECEIVED,
    LAST_SENT,
    RECEIVED,
    REPLIED,
    SENT_CC,
    SENT_TO,
    THROUGH,
    TOGETHER,
    AddressRecord,
    Item,
    count_date,
)
from mailbox_svc.model.address import canonical, match_key
from mailbox_svc.model.tally import AddressDelta, Chunk, NameDelta

#: Addresses that are remembered from chunk to chunk.
_MOST_RECORDS = 20_000
#: Addresses of one chunk. An honest one has a tenth; a hostile one must not take the process's memory.
_MOST_TOUCHED = 200_000
#: RFC 5321 §4.5.3.1.3: longer addresses cannot be written to.
_LONGEST_ADDRESS = 254
_LONGEST_NAME = 200


class TooManyAddresses(Exception):
    """One stretch of mail names more addresses than any honest one."""


class Intake:
    """Counts messages of one mailbox, and gives what was counted out in chunks."""

    def __init__(self, *, own: Collection[str], counted: KeySet, dates: Dates) -> None:
        """`own` are the match keys of the user's addresses; `counted` the messages counted before."""
        self._own = own
        self._counted = counted
        self._seconds = dates.seconds
        self._records: dict[str, AddressRecord] = {}
        self._parts = HeaderParts(self._item)
        self._serial = 0
        self._chunk_began = 0
        self._touched: list[AddressRecord] = []
        self._keys = bytearray()
        self._duplicates = 0

    @property
    def waiting(self) -> int:
        """How many messages were taken in since the last chunk."""
        return len(self._keys) // KEY_SIZE + self._duplicates

    def take_in(self, header: bytes) -> None:
        """Count one message: its header lines, folded or not, CRLF between them.

        Raises TooManyAddresses, and nothing else, whatever the header holds.
        """
        parts = self._parts.of(header)
        date = parts[DATE][0] if parts[DATE] else b""
        key = message_key(parts[MESSAGE_ID][0] if parts[MESSAGE_ID] else b"", date, header)
        if not self._counted.add(key):
            self._duplicates += 1
            return
        self._keys += key
        self._count(parts, self._seconds(date))

    def chunk(self, last_uid: int) -> Chunk:
        """Return all that was counted since the last chunk, and begin a new one."""
        addresses: list[AddressDelta] = []
        names: list[NameDelta] = []
        for record in self._touched:
            delta, its_names = record.take()
            addresses.append(delta)
            names += its_names
        chunk = Chunk(
            last_uid=last_uid,
            counted=len(self._keys) // KEY_SIZE,
            duplicates=self._duplicates,
            keys=bytes(self._keys),
            addresses=tuple(addresses),
            names=tuple(names),
        )
        self._touched = []
        self._keys = bytearray()
        self._duplicates = 0
        self._chunk_began = self._serial
        if len(self._records) > _MOST_RECORDS:
            # Whoever is seen again is counted in a new record.
            self._records = {}
            self._parts = HeaderParts(self._item)
        return chunk

    def _item(self, mention: Mention) -> Item | None:
        address = canonical(mention.address)
        record = self._records.get(address)
        if record is None:
            if len(address) > _LONGEST_ADDRESS:
                return None
            key = match_key(address)
            record = AddressRecord(address, key, mention.address, own=key in self._own)
            self._records[address] = record
        return record, record.named(mention.name[:_LONGEST_NAME]) if mention.name else None

    def _count(self, parts: Parts, when: int) -> None:  # noqa: C901, PLR0912  (the hot loop: no calls in it)
        self._serial = serial = self._serial + 1
        began, touched = self._chunk_began, self._touched
        writers: tuple[Item, ...] = parts[FROM]
        mine = bool(writers) and writers[0][0].own
        for record, _ in writers:
            if not record.own:
                if record.seen <= began:
                    touched.append(record)
                record.seen = serial
        named = False
        for column, items in (
            (SENT_TO if mine else TOGETHER, parts[TO] + parts[BCC]),
            (SENT_CC if mine else TOGETHER, parts[CC]),
        ):
            for record, name in items:
                if record.own:
                    named = True
                    continue
                seen = record.seen
                if seen == serial:
                    continue
                if seen <= began:
                    touched.append(record)
                record.seen = serial
                counts = record.counts
                counts[column] += 1
                if when > counts[LAST]:  # noqa: PLR1730  (a call of max() costs as much as all of this)
                    counts[LAST] = when
                if when < counts[FIRST] or not counts[FIRST]:
                    counts[FIRST] = when or counts[FIRST]
                if mine:
                    if when > counts[LAST_SENT]:  # noqa: PLR1730
                        counts[LAST_SENT] = when
                    if name is not None:
                        name.by_user += 1
                elif name is not None:
                    name.by_others += 1
                if name is not None and when > name.last_at:
                    name.last_at = when
        if not mine:
            self._count_writers(parts, when, named=named)
            if parts[REPLY_TO] or parts[SENDER]:
                self._count_others(parts, when)
        if parts[LIST_POST] or parts[LIST_ID]:
            self._count_lists(parts)
        if len(touched) > _MOST_TOUCHED:
            raise TooManyAddresses

    def _count_writers(self, parts: Parts, when: int, *, named: bool) -> None:
        writers: tuple[Item, ...] = parts[FROM]
        # Two From lines with one writer are still one message.
        for record, name in dict(writers).items() if len(writers) > 1 else writers:
            if record.own:
                continue
            counts = record.counts
            counts[RECEIVED if named else INDIRECTLY] += 1
            if when > counts[LAST]:  # noqa: PLR1730  (as in `_count`)
                counts[LAST] = when
            if when > counts[LAST_RECEIVED]:  # noqa: PLR1730
                counts[LAST_RECEIVED] = when
            if when < counts[FIRST] or not counts[FIRST]:
                counts[FIRST] = when or counts[FIRST]
            if name is not None:
                name.by_self += 1
                if when > name.last_at:  # noqa: PLR1730
                    name.last_at = when
            if parts[MARKS] or parts[LIST_POST] or parts[LIST_ID]:
                _count_marks(counts, parts)

    def _count_others(self, parts: Parts, when: int) -> None:
        """Count Reply-To and Sender where they are not the writer again."""
        for place, column in ((REPLY_TO, AS_REPLY_TO), (SENDER, AS_SENDER)):
            for record, name in parts[place]:
                if record.own or any(record is writer for writer, _ in parts[FROM]):
                    continue
                self._touch(record)
                record.counts[column] += 1
                if when:
                    count_date(record.counts, when, LAST)
                if name is not None:
                    name.by_others += 1
                    name.last_at = max(name.last_at, when)

    def _count_lists(self, parts: Parts) -> None:
        """Count the addresses that the message calls mailing lists."""
        for record, _ in parts[LIST_POST]:
            self._touch(record)
            record.counts[AS_LIST] += 1
        if not parts[LIST_POST]:
            for record, _ in parts[TO] + parts[CC]:
                if record.address == parts[LIST_ID][0]:
                    record.counts[AS_LIST] += 1
                    break

    def _touch(self, record: AddressRecord) -> None:
        """Note that the record is part of this message, and of this chunk."""
        if record.seen <= self._chunk_began:
            self._touched.append(record)
        record.seen = self._serial


def _count_marks(counts: list[int], parts: Parts) -> None:
    """Count what a message says of its writer's nature."""
    marks = parts[MARKS]
    if Mark.GENERATED in marks:
        counts[GENERATED] += 1
    if Mark.REPLIED in marks:
        counts[REPLIED] += 1
    # A list has an address to write to; what can only be unsubscribed from is a newsletter. Lists without
    # List-Post have answers sent to where the message went; old ones put themselves in Sender.
    discussed = bool(parts[LIST_POST]) or _answers_go_round(parts)
    mass = Mark.BULK in marks or Mark.LIST in marks
    listed = discussed or bool(parts[LIST_ID]) or (mass and bool(_not_writers(parts, SENDER)))
    # Mail to many whom it does not name: a newsletter, or a person's circular.
    hidden = Mark.UNDISCLOSED in marks and not (parts[TO] or parts[CC])
    if listed or hidden:
        counts[THROUGH] += 1
    if not discussed and (Mark.UNSUBSCRIBE in marks or hidden or (mass and not listed)):
        counts[BULK] += 1


def _answers_go_round(parts: Parts) -> bool:
    """Tell whether Reply-To is one whom the message went to, or an address that can only be a list's."""
    answers = _not_writers(parts, REPLY_TO)
    if not answers:
        return False
    if any(record in answers for record, _ in parts[TO] + parts[CC]):
        return True
    return any(host(record.address.rpartition("@")[2]).only_lists for record in answers)


def _not_writers(parts: Parts, place: int) -> list[AddressRecord]:
    writers = [writer for writer, _ in parts[FROM]]
    return [record for record, _ in parts[place] if not record.own and record not in writers]
