"""What is counted about an address. Tallies only ever add up, so the order of messages never matters."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple


@dataclass(slots=True)
class Tally:
    """How often an address was seen in which part. Counts are of messages, each counted once.

    "Mine" is a message that the user sent, as told by its From. Times are Unix seconds by the Date
    header, 0 when none was usable.
    """

    #: Mine with it in To or Bcc.
    sent_to: int = 0
    #: Mine with it in Cc, and not in To or Bcc.
    sent_cc: int = 0
    #: From it, and the user's own address in To or Cc.
    received: int = 0
    #: From it, and the user not named: through a list, an alias, Bcc.
    received_indirectly: int = 0
    #: Not mine, not from it, with it in To, Cc or Bcc.
    together: int = 0
    #: Not mine, not from it, with it in Reply-To.
    reply_to: int = 0
    #: Not from it, with it in Sender.
    sender: int = 0
    #: From it with `Auto-Submitted: auto-generated` or -notified (RFC 3834 §5, RFC 5436).
    generated: int = 0
    #: From it with `Auto-Submitted: auto-replied`: an out-of-office answer, say.
    auto_replied: int = 0
    #: From it with List-Unsubscribe or a `Precedence` of bulk, junk or list, and with no sign of a list that
    #: can be written to: newsletters. List-Id alone is no such sign beside List-Unsubscribe. Also to
    #: undisclosed recipients.
    bulk: int = 0
    #: From it through a mailing list: with List-Post or List-Id, or answers go to whom it went to or to a
    #: known host of lists, or `Precedence` comes with a Sender that is not its From. Also to undisclosed
    #: recipients: what counts as bulk and as this may be a newsletter or a person's mail to many.
    through_list: int = 0
    #: Names it in List-Post, or is its List-Id's address: it is itself a mailing list.
    list_address: int = 0
    first_at: int = 0
    last_at: int = 0
    #: Of the latest of mine to it.
    last_sent_at: int = 0
    #: Of the latest from it.
    last_received_at: int = 0

    @property
    def wrote_to(self) -> int:
        """How many messages the user sent to it."""
        return self.sent_to + self.sent_cc

    @property
    def wrote_to_user(self) -> int:
        """How many messages came from it."""
        return self.received + self.received_indirectly

    def add(self, other: Tally) -> None:
        """Count what the other has counted as well."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.first_at and (not self.first_at or other.first_at < self.first_at):
            self.first_at = other.first_at
        for name in LATEST:
            setattr(self, name, max(getattr(self, name), getattr(other, name)))


#: The fields that add up.
COUNTS = tuple(field.name for field in fields(Tally) if not field.name.endswith("_at"))
#: The fields of which the greatest stands. `first_at` is the one of which the least does, 0 aside.
LATEST = ("last_at", "last_sent_at", "last_received_at")


class AddressDelta(NamedTuple):
    """What one chunk has counted about one address."""

    #: `model.address.canonical` of it.
    address: str
    match_key: str
    #: As it was written where it was first seen.
    written: str
    tally: Tally


class NameDelta(NamedTuple):
    """How often one chunk has seen a name with an address."""

    #: `model.address.canonical` of it.
    address: str
    #: NFC, blanks collapsed, never empty.
    name: str
    #: In From of a message from the address itself.
    by_self: int
    #: In a message that the user sent.
    by_user: int
    by_others: int
    #: Unix seconds of the latest message with it; 0 when unknown.
    last_at: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """The outcome of a stretch of one folder, committed with the new position in one transaction."""

    #: All messages up to this UID are in.
    last_uid: int
    #: Messages that count.
    counted: int
    duplicates: int
    #: The keys of the messages that count, eight bytes each.
    keys: bytes
    addresses: tuple[AddressDelta, ...]
    names: tuple[NameDelta, ...]
