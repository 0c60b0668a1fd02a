"""The messages of the measured mailbox: the same ones for the same size, one after the other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from harvest.people import Form, MailingList, Party, cumulative_zipf, mailing_lists, people, robots

INBOX, SENT = "INBOX", "Sent"
#: The first message, and how long the mailbox was in use.
_BEGAN = datetime(2018, 3, 1, tzinfo=UTC)
_YEARS = 8 * 365 * 86_400
_ZONES = [timezone(timedelta(hours=hours)) for hours in (0, 1, 1, 2, 2, -5, -8, 9)]
#: What a message is, and how often of a hundred. List headers are on 40: those of lists and newsletters.
_KINDS = {"sent": 15, "list": 25, "newsletter": 15, "notice": 8, "answer": 1, "direct": 36}
_MOST_RECIPIENTS = 6
_BODY = "\r\n".join(["", *["Words of a made-up message, of which a harvest reads none."] * 8, ""])


@dataclass(slots=True)
class Message:
    """A message: what its headers say, and how they are written."""

    folder: str
    #: Unix seconds by its Date.
    at: int
    sender_is_owner: bool
    from_: Form
    to: list[Form] = field(default_factory=list)
    cc: list[Form] = field(default_factory=list)
    bcc: list[Form] = field(default_factory=list)
    sender: Form | None = None
    reply_to: Form | None = None
    #: The list it came through.
    mailing_list: MailingList | None = None
    list_unsubscribe: bool = False
    bulk: bool = False
    auto_submitted: str = ""
    raw: bytes = b""


class Mail:
    """A mailbox of `count` messages in which the owner is `owner`."""

    def __init__(self, count: int, owner: str) -> None:
        self._count = count
        self._rng = rng = random.Random(20261123)  # the same mail each time
        self._owner = Party((Form(f"Robin Owner <{owner}>", "Robin Owner", owner), Form(owner, "", owner)))
        self._people, self._robots, self._lists = people(rng), robots(rng), mailing_lists(rng)
        self._people_weights = cumulative_zipf(len(self._people))
        self._robot_weights = cumulative_zipf(len(self._robots))
        self._list_weights = cumulative_zipf(len(self._lists))

    def messages(self) -> Iterator[Message]:
        """Yield the messages, oldest first but for some jitter."""
        rng = self._rng
        kinds = rng.choices(list(_KINDS), list(_KINDS.values()), k=self._count)
        for number, kind in enumerate(kinds):
            moment = _BEGAN + timedelta(seconds=_YEARS * number // self._count + rng.randrange(-7200, 7200))
            date = moment.astimezone(rng.choice(_ZONES))
            message = self._message(kind, int(moment.timestamp()))
            message.raw = "\r\n".join([*self._lines(message, number, date), _BODY]).encode("ascii")
            yield message

    # Who.

    def _message(self, kind: str, at: int) -> Message:
        rng = self._rng
        if kind == "sent":
            return self._sent(at)
        if kind == "list":
            return self._through_list(at)
        if kind in {"newsletter", "notice"}:
            robot = rng.choices(self._robots, cum_weights=self._robot_weights)[0]
            message = Message(INBOX, at, False, self._form(robot), [self._form(self._owner)])
            if kind == "notice":
                message.auto_submitted = "auto-generated"
                return message
            message.list_unsubscribe = True
            message.bulk = rng.random() < 0.5
            return message
        writer, *others = self._parties(1 + self._recipients())
        message = Message(INBOX, at, False, self._form(writer), [self._form(self._owner)])
        if kind == "answer":
            message.auto_submitted = "auto-replied"
            return message
        # In the place of one of the others stands the owner, now and then in Cc, or behind an alias.
        draw = rng.random()
        message.to, message.cc = self._shared_out(others[1:])
        if draw < 0.85 or not message.to:
            message.to.insert(0, self._form(self._owner))
        elif draw < 0.95:
            message.cc.append(self._form(self._owner))
        return message

    def _sent(self, at: int) -> Message:
        to, cc = self._shared_out(self._parties(self._recipients()))
        message = Message(SENT, at, True, self._form(self._owner), to, cc)
        if self._rng.random() < 0.1:
            message.bcc, message.to = message.to[-1:], message.to[:-1]
        return message

    def _through_list(self, at: int) -> Message:
        rng = self._rng
        mailing_list = rng.choices(self._lists, cum_weights=self._list_weights)[0]
        writer, *others = self._parties(self._recipients())
        message = Message(INBOX, at, False, self._form(writer), [self._form(mailing_list.party)])
        message.cc = [self._form(one) for one in others]
        message.mailing_list = mailing_list
        message.list_unsubscribe = True
        message.sender = mailing_list.bounces
        if mailing_list.replies_to_list:
            message.reply_to = self._form(mailing_list.party)
        return message

    def _recipients(self) -> int:
        return self._rng.randint(1, _MOST_RECIPIENTS)

    def _parties(self, count: int) -> list[Party]:
        """Draw that many different people."""
        drawn = self._rng.choices(range(len(self._people)), cum_weights=self._people_weights, k=count + 3)
        different = list(dict.fromkeys(drawn))[:count]
        return [self._people[number] for number in different]

    def _shared_out(self, parties: list[Party]) -> tuple[list[Form], list[Form]]:
        """Put people in To, and about a third of those after the first in Cc."""
        to: list[Form] = []
        cc: list[Form] = []
        for party in parties:
            (cc if to and self._rng.random() < 0.35 else to).append(self._form(party))
        return to, cc

    def _form(self, party: Party) -> Form:
        return party.form(self._rng.random())

    # How it is written.

    def _lines(self, message: Message, number: int, date: datetime) -> list[str]:
        rng = self._rng
        domain = message.from_.address.partition("@")[2]
        day = f"{date:%a, %d %b %Y %H:%M:%S %z}"
        way = f"from mx.{domain} (mx.{domain} [192.0.2.7])\r\n\tby mail.example.org with ESMTPS id {number:x}"
        lines = [
            f"Return-Path: <{message.from_.address}>",
            f"Received: {way};\r\n\t{day}",
            f"From: {message.from_.written}",
            *_list_of("To", message.to),
            *_list_of("CC" if rng.random() < 0.05 else "Cc", message.cc),
            *_list_of("Bcc", message.bcc),
            f"Subject: Made-up message {number}",
            f"Date: {day}{' (CET)' if rng.random() < 0.1 else ''}",
            f"Message-{'Id' if rng.random() < 0.1 else 'ID'}: <{rng.getrandbits(64):016x}.{number}@{domain}>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
        ]
        if message.sender is not None:
            lines.append(f"Sender: {message.sender.written}")
        if message.reply_to is not None:
            lines.append(f"Reply-To: {message.reply_to.written}")
        if message.mailing_list is not None:
            lines += message.mailing_list.headers
        elif message.list_unsubscribe:
            lines.append(f"List-Unsubscribe: <https://{domain}/u/{rng.getrandbits(96):024x}>")
        if message.bulk:
            lines.append("Precedence: bulk")
        if message.auto_submitted:
            lines.append(f"Auto-Submitted: {message.auto_submitted}")
        return lines


def _list_of(name: str, forms: list[Form]) -> list[str]:
    """Write an address header, folded as clients do: two addresses on a line."""
    if not forms:
        return []
    written = [form.written for form in forms]
    pairs = [", ".join(written[at : at + 2]) for at in range(0, len(written), 2)]
    return [f"{name}: " + ",\r\n ".join(pairs)]
