"""The sample mailbox: some four hundred messages over two years, the same ones each time for the same day."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from mailbox_svc.demo.mail import Envelope, SampleMessage, bounce, compose, invitation, oddities
from mailbox_svc.demo.people import (
    ALICE,
    ALICE_ALIASES,
    ANSWERS,
    LIST_POSTERS,
    LISTS,
    NAMED_ROBOTS,
    NEWSLETTERS,
    OFFICE,
    PEOPLE,
    ROBOTS,
    ROLES,
    TOPICS,
    Person,
    Sender,
)

#: Folder name to RFC 6154 special use, without the backslash; empty for an ordinary folder.
FOLDERS = {
    "INBOX": "",
    "Archive": "Archive",
    "Drafts": "Drafts",
    "Junk": "Junk",
    "Projects": "",
    "Projects/Aurora": "",
    "Reisen & Zürich": "",
    "Sent": "Sent",
    "Trash": "Trash",
}

_DAYS = 730


def sample_mailbox(now: datetime) -> list[SampleMessage]:
    """Return all messages, oldest first; the latest is a few hours older than `now` (aware, UTC)."""
    return sorted(_Writer(now).everything(), key=lambda message: message.received)


class _Writer:
    def __init__(self, now: datetime) -> None:
        self._now = now.replace(microsecond=0)
        self._random = Random(20261123)  # noqa: S311  (a fixed seed: the same mailbox each time)
        self._numbers = itertools.count(1)

    def everything(self) -> Iterator[SampleMessage]:
        for person in PEOPLE + ROLES:
            for _ in range(person.threads):
                yield from self._conversation(person)
        for sender in NEWSLETTERS:
            yield from self._series(sender, ("INBOX", "INBOX", "Trash"))
        for sender in ROBOTS:
            yield from self._series(sender, ("INBOX", "INBOX", "Archive"))
        for mailing_list in LISTS:
            yield from self._list(mailing_list)
        yield from self._calendar()
        yield from self._bounces()
        yield from self._junk_and_drafts()
        yield from self._conversation(OFFICE)
        for sender in NAMED_ROBOTS:
            yield from self._series(sender, ("INBOX",))
        when = self._past()
        for raw in oddities(when):
            yield SampleMessage("INBOX", when, seen=True, raw=raw)

    def _conversation(self, person: Person) -> Iterator[SampleMessage]:
        """Write to and fro, one to five messages, some with others in copy."""
        random = self._random
        topic, opening = random.choice(TOPICS)
        spellings = (person, *(replace(person, name=name, address=at) for name, at in person.also))
        copied = tuple(random.sample(PEOPLE[:20], k=random.choice((0, 0, 0, 1, 2, 4))))
        alice = self._alice_for(person)
        # A conversation of five may last a week, and none of it lies in the future.
        when = self._past() - timedelta(days=6)
        references: tuple[str, ...] = ()
        alice_begins = person.answered and random.random() < 0.4
        for turn in range(random.randint(1, 5) if person.answered else 1):
            from_alice = (turn % 2 == 0) == alice_begins
            other = random.choice(spellings)
            envelope = Envelope(
                alice if from_alice else other,
                (other,) if from_alice else (alice,),
                f"Re: {topic}" if turn else topic,
                when,
                self._message_id(alice if from_alice else other),
                cc=tuple(one for one in copied if one is not person),
                bcc=(PEOPLE[0],) if from_alice and random.random() < 0.05 else (),
                references=references,
            )
            raw = compose(envelope, random.choice(ANSWERS) if turn else opening)
            folder = "Sent" if from_alice else self._folder_of(person)
            yield SampleMessage(folder, when, seen=from_alice or random.random() < 0.9, raw=raw)
            if folder == "Projects/Aurora" and random.random() < 0.2:
                # Filed and left in the inbox too, as users do: one message, two folders.
                yield SampleMessage("INBOX", when, seen=True, raw=raw)
            references = (*references, envelope.message_id)
            when += timedelta(minutes=random.randint(3, 2000))

    def _series(self, sender: Sender, folders: tuple[str, ...]) -> Iterator[SampleMessage]:
        for number, when in enumerate(self._spread(sender.count), start=1):
            issue = 4000 + number * 7
            envelope = Envelope(
                Person(sender.name, sender.address, 0),
                (self._random.choice((ALICE, ALICE, ALICE_ALIASES[0])),),
                sender.subjects[number % len(sender.subjects)].format(n=issue),
                when,
                self._message_id(Person("", sender.address, 0)),
            )
            headers = tuple((name, value.format(n=issue)) for name, value in sender.headers)
            raw = compose(envelope, f"{envelope.subject}\n\nRead it in your browser.", headers)
            yield SampleMessage(self._random.choice(folders), when, seen=self._random.random() < 0.6, raw=raw)

    def _list(self, mailing_list: Sender) -> Iterator[SampleMessage]:
        """People talk; the list adds its headers, and rewrites From for a strict DMARC domain."""
        everybody = Person(mailing_list.name, mailing_list.address, 0)
        for number, when in enumerate(self._spread(mailing_list.count), start=1):
            name, address = self._random.choice(LIST_POSTERS)
            poster, headers = Person(name, address, 0), mailing_list.headers
            if address.endswith("power.example"):
                poster = Person(f"{name} via {mailing_list.name}", mailing_list.address, 0)
                headers += (("Reply-To", f"{name} <{address}>"),)
            from_alice = mailing_list is LISTS[0] and number % 6 == 0
            subject = mailing_list.subjects[number % len(mailing_list.subjects)].format(n=number)
            sender = ALICE if from_alice else poster
            envelope = Envelope(sender, (everybody,), subject, when, self._message_id(sender))
            raw = compose(envelope, self._random.choice(TOPICS)[1], () if from_alice else headers)
            yield SampleMessage("Sent" if from_alice else "INBOX", when, seen=True, raw=raw)

    def _calendar(self) -> Iterator[SampleMessage]:
        for number, when in enumerate(self._spread(8)):
            host = PEOPLE[16 + number % 3]
            envelope = Envelope(
                host, (ALICE, PEOPLE[17]), f"Planning {number + 1}", when, self._message_id(host)
            )
            yield SampleMessage("INBOX", when, seen=True, raw=invitation(envelope, "REQUEST"))
            reply_at = when + timedelta(hours=2)
            reply = Envelope(
                ALICE, (host,), f"Accepted: Planning {number + 1}", reply_at, self._message_id(ALICE)
            )
            yield SampleMessage("Sent", reply_at, seen=True, raw=invitation(reply, "REPLY"))

    def _bounces(self) -> Iterator[SampleMessage]:
        daemon = Person("", "MAILER-DAEMON@mx.example.test", 0)
        for failed, when in zip(("gone@example.org", "typo@exmaple.example", "full@example.net"),
                                self._spread(3), strict=True):  # fmt: skip
            envelope = Envelope(daemon, (ALICE,), "", when, self._message_id(daemon))
            yield SampleMessage("INBOX", when, seen=True, raw=bounce(envelope, failed))
        away = PEOPLE[1]
        when = self._past()
        envelope = Envelope(away, (ALICE,), "Автоответ: в отпуске", when, self._message_id(away))
        raw = compose(envelope, "Вернусь в понедельник.", (("Auto-Submitted", "auto-replied"),))
        yield SampleMessage("INBOX", when, seen=True, raw=raw)

    def _junk_and_drafts(self) -> Iterator[SampleMessage]:
        for number, when in enumerate(self._spread(12)):
            spammer = Person(f"Prize Office {number}", f"win{number * 37}@lottery.example", 0)
            envelope = Envelope(spammer, (ALICE,), "YOU WON!!!", when, self._message_id(spammer))
            yield SampleMessage("Junk", when, seen=False, raw=compose(envelope, "Send your number."))
        for person, when in zip(PEOPLE[4:8], self._spread(4), strict=True):
            envelope = Envelope(ALICE, (person,), "Unfinished", when, self._message_id(ALICE))
            yield SampleMessage("Drafts", when, seen=True, raw=compose(envelope, "Dear"))

    def _past(self) -> datetime:
        """Return a moment in the last two years, the later the likelier."""
        share = self._random.random() ** 1.5
        return self._now - timedelta(hours=8, minutes=int(share * _DAYS * 24 * 60))

    def _spread(self, count: int) -> Iterable[datetime]:
        step = timedelta(minutes=_DAYS * 24 * 60 // count)
        return (self._now - timedelta(hours=9) - step * number for number in reversed(range(count)))

    def _message_id(self, sender: Person) -> str:
        return f"<{next(self._numbers):04d}.sample@{sender.address.rpartition('@')[2].lower()}>"

    def _alice_for(self, person: Person) -> Person:
        if person.address.endswith("@aurora.example"):
            return ALICE_ALIASES[1]
        return ALICE_ALIASES[0] if person in ROLES else ALICE

    def _folder_of(self, person: Person) -> str:
        if person.address.endswith("@aurora.example"):
            return "Projects/Aurora"
        if person.name == "Jürgen Groß":
            return "Reisen & Zürich"
        return self._random.choice(("INBOX", "INBOX", "INBOX", "Archive"))
