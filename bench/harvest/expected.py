"""What a harvest of the made-up mail must count, taken from what was meant, not from what was written."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from harvest.mail import Message
from mailbox_svc.model.tally import Tally

#: (name, address in lower case) → how often it stands in an address header.
Pairs = Counter[tuple[str, str]]


@dataclass(slots=True)
class Expected:
    """The counts of the mail so far."""

    owner: str
    messages: int = 0
    pairs: Pairs = field(default_factory=Counter)
    #: By address; without the owner's own.
    tallies: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))

    @property
    def names(self) -> Pairs:
        """The counts of those of others that come with a name."""
        return Counter({pair: n for pair, n in self.pairs.items() if pair[0] and pair[1] != self.owner})

    def add(self, message: Message) -> None:
        """Count a message."""
        self.messages += 1
        forms = [message.from_, *message.to, *message.cc, *message.bcc]
        forms += [form for form in (message.sender, message.reply_to) if form is not None]
        self.pairs.update((form.name, form.address) for form in forms)
        for address in {form.address for form in forms} - {self.owner}:
            self._count(self.tallies[address], message, address)

    def _count(self, tally: Tally, message: Message, address: str) -> None:
        """Count one address of a message by the words of `model/tally.py`."""
        to, cc, bcc = ({form.address for form in forms} for forms in (message.to, message.cc, message.bcc))
        from_it = message.from_.address == address
        if message.sender_is_owner:
            tally.sent_to += address in to | bcc
            tally.sent_cc += address in cc - to - bcc
            if address in to | cc | bcc:
                tally.last_sent_at = max(tally.last_sent_at, message.at)
        elif from_it:
            _count_writer(tally, message, to_owner=self.owner in to | cc)
        else:
            tally.together += address in to | cc | bcc
            tally.reply_to += message.reply_to is not None and message.reply_to.address == address
        if not from_it:
            tally.sender += message.sender is not None and message.sender.address == address
        if message.mailing_list is not None:
            tally.list_address += message.mailing_list.party.forms[0].address == address
        tally.first_at = min(tally.first_at or message.at, message.at)
        tally.last_at = max(tally.last_at, message.at)


def _count_writer(tally: Tally, message: Message, *, to_owner: bool) -> None:
    tally.received += to_owner
    tally.received_indirectly += not to_owner
    tally.last_received_at = max(tally.last_received_at, message.at)
    tally.generated += message.auto_submitted == "auto-generated"
    tally.auto_replied += message.auto_submitted == "auto-replied"
    tally.bulk += message.bulk or (message.list_unsubscribe and message.mailing_list is None)
    tally.through_list += message.mailing_list is not None
