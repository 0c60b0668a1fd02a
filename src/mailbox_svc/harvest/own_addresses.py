"""Learns which addresses are the user's own, from the login name and from what the user sends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from mailbox_svc.harvest.header_addresses import parse_addresses
from mailbox_svc.harvest.header_parts import unfolded
from mailbox_svc.model.address import canonical
from mailbox_svc.ports.mail import FolderGone, MailFolder, MailReader

#: How many UIDs are looked at, from the newest down.
_LOOKED_AT = 2000
#: The share of sent mail that makes its writer the user. Received mail does get filed among sent mail.
_SHARE = 0.1
#: So many messages are enough even when they are a small share: an alias for rare occasions.
_ENOUGH, _SMALL_SHARE = 5, 0.01


async def learn_own_addresses(reader: MailReader, login: str, sent: Sequence[MailFolder]) -> set[str]:
    """Return the user's own addresses, canonical. Depends on the mailbox alone. Raises ReadingFailed."""
    own = {canonical(login)} if "@" in login else set()
    for folder in sent:
        writers = await _named(reader, folder.raw_name, "From")
        total = writers.total()
        own |= {
            address
            for address, count in writers.items()
            if count >= _SHARE * total or (count >= _ENOUGH and count >= _SMALL_SHARE * total)
        }
    if not own:
        # A login without a domain, on a server that does not tell its folders apart: whoever of that
        # name the mail is addressed to most.
        recipients = await _named(reader, b"INBOX", "To")
        namesakes = [a for a in recipients if a.partition("@")[0] == login.lower()]
        own |= set(sorted(namesakes, key=lambda a: (-recipients[a], a))[:1])
    return own


async def has_new_writer(
    reader: MailReader, news: Sequence[tuple[MailFolder, int]], known: Collection[str]
) -> bool:
    """Tell whether somebody else than these own addresses wrote newly sent mail: above a UID in a folder.

    Where nobody did, no address has more of what is sent than before, so there is nothing to learn: one
    message that was sent costs one line. Raises ReadingFailed.
    """
    for folder, last_uid in news:
        writers = await _named(reader, folder.raw_name, "From", after_uid=last_uid)
        if not writers.keys() <= set(known):
            return True
    return False


async def _named(reader: MailReader, raw_name: bytes, field: str, *, after_uid: int = 0) -> Counter[str]:
    """Return how often each address stands in this field of the folder's newest messages."""
    sink = _Counting()
    try:
        folder = await reader.examine(raw_name)
        if folder.exists:
            await reader.read(max(after_uid, folder.uidnext - 1 - _LOOKED_AT), sink, fields=(field,))
    except FolderGone:
        pass
    return sink.counts


class _Counting:
    """Satisfies `ports.mail.HeaderSink`."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def message(self, uid: int, header: bytes) -> None:  # noqa: ARG002
        for line in unfolded(header):
            _, colon, body = line.partition(b":")
            if colon:
                self.counts.update({canonical(mention.address) for mention in parse_addresses(body)})

    def reached(self, uid: int) -> None:
        pass

    async def checkpoint(self) -> None:
        pass
