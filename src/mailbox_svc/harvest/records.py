"""Where the counts of a harvest are kept between two chunks: one record an address, one a name."""

from __future__ import annotations

from mailbox_svc.model.tally import AddressDelta, NameDelta, Tally

# The places of an address's counts are those of the fields of Tally.
SENT_TO, SENT_CC, RECEIVED, INDIRECTLY, TOGETHER, AS_REPLY_TO, AS_SENDER = range(7)
GENERATED, REPLIED, BULK, THROUGH, AS_LIST, FIRST, LAST, LAST_SENT, LAST_RECEIVED = range(7, 16)
_ZERO = [0] * 16


class NameRecord:
    """The counts of one name of one address."""

    __slots__ = ("by_others", "by_self", "by_user", "last_at", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.by_self = self.by_user = self.by_others = self.last_at = 0


class AddressRecord:
    """The counts of one address."""

    __slots__ = ("address", "counts", "key", "names", "own", "seen", "written")

    def __init__(self, address: str, key: str, written: str, *, own: bool) -> None:
        self.address = address
        self.key = key
        self.written = written
        #: It is the user's own, and not counted.
        self.own = own
        self.counts = _ZERO[:]
        #: The number of the message it was last counted in.
        self.seen = 0
        self.names: dict[str, NameRecord] = {}

    def named(self, text: str) -> NameRecord:
        """Return the record of this name."""
        name = self.names.get(text)
        if name is None:
            name = self.names[text] = NameRecord(text)
        return name

    def take(self) -> tuple[AddressDelta, list[NameDelta]]:
        """Return what was counted, and begin anew."""
        address = self.address
        names = [
            NameDelta(address, name.name, name.by_self, name.by_user, name.by_others, name.last_at)
            for name in self.names.values()
            if name.by_self or name.by_user or name.by_others
        ]
        for name in self.names.values():
            name.by_self = name.by_user = name.by_others = name.last_at = 0
        counts, self.counts = self.counts, _ZERO[:]
        return AddressDelta(address, self.key, self.written, Tally(*counts)), names


#: An address as one place in a header names it.
Item = tuple[AddressRecord, NameRecord | None]


def count_date(counts: list[int], when: int, latest: int) -> None:
    """Widen the span of dates, and move the given latest one."""
    counts[LAST] = max(counts[LAST], when)
    counts[FIRST] = min(counts[FIRST] or when, when)
    counts[latest] = max(counts[latest], when)
