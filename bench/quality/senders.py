"""Measures how many people are kept and robots caught among labelled senders, beside the rules of two peers.

Every sender's messages go through the real intake and the real judgement, by a user who never wrote to
anybody and of whom no address is known: the hardest case. A sender that is not kept was taken for a robot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailbox_svc.contacts.judge import judge
from mailbox_svc.harvest.dates import Dates
from mailbox_svc.harvest.intake import Intake
from mailbox_svc.harvest.key_set import KeySet
from mailbox_svc.model.address import canonical
from mailbox_svc.model.contact import AddressEvidence, ContactEvidence, NameUse
from mailbox_svc.model.harvest import Policy
from mailbox_svc.ports.mail import HEADER_FIELDS
from quality.corpus import Row, header_of, message, rows

_FIELDS = frozenset(field.lower() for field in HEADER_FIELDS)
#: Twenty's `is-group-email.ts`.
_TWENTYS_GROUPS = re.compile(
    r"noreply|no-reply|do_not_reply|no\.reply|^(info@|contact@|hello@|support@|feedback@|service@|help@|"
    r"invites@|invite@|welcome@|alerts@|team@|notifications@|notification@|news@)"
)
#: Leadminer's lists of addresses that are not people's, looked for anywhere in the address.
_LEADMINERS_PARTS = (
    *("noreply", "no-reply", "mailer-daemon", "notification", "notify", "alert", "auto-confirm", "password"),
    *("reply-", "ne-pas-repondre", "bounce@", "unsubscribe", "receipts+", "updates@", "orders@"),
    *("postmaster@", "@group.calendar.google.com"),
)


@dataclass(frozen=True, slots=True)
class _Sender:
    """A labelled sender."""

    address: str
    human: bool
    #: The fields of one message.
    fields: Mapping[str, str]
    #: The headers of its messages.
    headers: tuple[bytes, ...]


def measure(corpus: Path, messages: Path | None) -> list[Row]:
    """Return how many people were kept, robots caught, and the mean of both."""
    senders = list(_senders(corpus, messages))
    ours, leadminers, twentys = (
        _shares(senders, keeps) for keeps in (_kept, _leadminer_keeps, _twenty_keeps)
    )
    peers = (f"Leadminer's rules {a:.2f}, Twenty's {b:.2f}" for a, b in zip(leadminers, twentys, strict=True))
    measures = (("people kept", 0.99), ("robots caught", 0.95), ("people and robots, mean", 0.97))
    return [
        Row(name, value, goal, peer) for (name, goal), value, peer in zip(measures, ours, peers, strict=True)
    ]


def _senders(corpus: Path, messages: Path | None) -> Iterator[_Sender]:
    """Read the labels, and the messages they name where those are at hand."""
    for row in rows(corpus, "automated.jsonl"):
        fields = {name: text for name, text in row["headers"].items() if name in _FIELDS}
        paths = [message(messages, file) for file in row["files"]] if messages else []
        headers = [header_of(path.read_bytes()) for path in paths if path]
        alone = "".join(f"{name}: {text}\r\n" for name, text in fields.items()).encode()
        yield _Sender(row["address"], row["label"] == "human", fields, tuple(headers or [alone]))


def _shares(senders: Sequence[_Sender], keeps: Callable[[_Sender], bool]) -> tuple[float, float, float]:
    people = [keeps(sender) for sender in senders if sender.human]
    robots = [not keeps(sender) for sender in senders if not sender.human]
    kept, caught = sum(people) / len(people), sum(robots) / len(robots)
    return kept, caught, (kept + caught) / 2


def _kept(sender: _Sender) -> bool:
    """Tell whether the project keeps the sender under the default policy."""
    intake = Intake(own=(), counted=KeySet(), dates=Dates())
    for header in sender.headers:
        intake.take_in(header)
    chunk = intake.chunk(1)
    address = canonical(sender.address)
    names = tuple(NameUse(*name[1:]) for name in chunk.names if name.address == address)
    for delta in chunk.addresses:
        if delta.address == address:
            tallies = ((Policy.CORRESPONDED, delta.tally),)
            seen = AddressEvidence(address, delta.match_key, delta.written, tallies, names)
            judgement = judge(ContactEvidence(None, (seen,)))
            return judgement is not None and judgement.skipped is None
    return False


def _twenty_keeps(sender: _Sender) -> bool:
    """Apply Twenty's rules (`is-bulk-mail.util.ts`, `is-group-email.ts`)."""
    return not (
        sender.fields.get("list-unsubscribe")
        or sender.fields.get("list-id")
        or sender.fields.get("precedence", "").lower() in {"bulk", "list", "junk"}
        or sender.fields.get("auto-submitted", "no") not in {"", "no"}
        or _TWENTYS_GROUPS.search(sender.address)
    )


def _leadminer_keeps(sender: _Sender) -> bool:
    """Apply Leadminer's rules (`tags/*.ts`, `taggingHelpers.ts`), those on X- fields aside."""
    newsletter = sender.fields.get("list-unsubscribe") or sender.fields.get("list-id")
    return not (
        any(part in sender.address.lower() for part in _LEADMINERS_PARTS)
        or (newsletter and not sender.fields.get("list-post"))
        or sender.fields.get("auto-submitted", "").lower().startswith("auto-generated")
    )
