"""One message of the sample mailbox as bytes. Builds text only: never reads a clock, a file or a socket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from mailbox_svc.demo.people import Person

#: Long headers are folded at 78 columns and names become RFC 2047 words, as real clients do it.
_POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class SampleMessage:
    """One message and where it lies."""

    folder: str
    #: The INTERNALDATE: aware, in UTC.
    received: datetime
    seen: bool
    raw: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who, when, and in which conversation."""

    sender: Person
    to: tuple[Person, ...]
    subject: str
    sent: datetime
    message_id: str
    cc: tuple[Person, ...] = ()
    bcc: tuple[Person, ...] = ()
    #: Message ids of the conversation so far, oldest first.
    references: tuple[str, ...] = ()


def compose(envelope: Envelope, body: str, headers: tuple[tuple[str, str], ...] = ()) -> bytes:
    """Write a plain message; `headers` are added as they are."""
    message = _head(envelope)
    for name, value in headers:
        message[name] = value
    message.set_content(body + "\n")
    return message.as_bytes(policy=_POLICY)


def invitation(envelope: Envelope, method: str) -> bytes:
    """Write a calendar message of this iTIP method (RFC 5546), such as REQUEST."""
    message = _head(envelope)
    message.set_content(f"{envelope.subject}\n")
    calendar = "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            f"METHOD:{method}",
            "BEGIN:VEVENT",
            f"UID:{envelope.message_id.strip('<>')}",
            f"DTSTART:{envelope.sent:%Y%m%dT%H%M%SZ}",
            f"ORGANIZER;CN={envelope.sender.name}:mailto:{envelope.sender.address}",
            *(f"ATTENDEE;CN={one.name}:mailto:{one.address}" for one in envelope.to),
            f"SUMMARY:{envelope.subject}",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )
    message.add_alternative(calendar, subtype="calendar", params={"method": method})
    # The library would draw a boundary at random, and the sample must be the same each time.
    message.set_boundary(f"=_{envelope.message_id.strip('<>').partition('@')[0]}")
    return message.as_bytes(policy=_POLICY)


def bounce(envelope: Envelope, failed: str) -> bytes:
    """Write a delivery status notification (RFC 3464) for the address that failed."""
    return _lines(
        "Return-Path: <>",
        f"From: Mail Delivery System <{envelope.sender.address}>",
        f"To: {envelope.to[0].address}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Date: {format_datetime(envelope.sent)}",
        f"Message-ID: {envelope.message_id}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=_dsn"',
        "",
        "--=_dsn",
        "Content-Type: text/plain",
        "",
        f"I could not deliver your message to {failed}.",
        "--=_dsn",
        "Content-Type: message/delivery-status",
        "",
        f"Reporting-MTA: dns; {envelope.sender.address.partition('@')[2]}",
        "",
        f"Final-Recipient: rfc822; {failed}",
        "Action: failed",
        "Status: 5.1.1",
        "--=_dsn--",
    )


def oddities(sent: datetime) -> tuple[bytes, ...]:
    """Return headers that real mail has and libraries stumble over, each a whole message.

    In order: a group with members, an empty group, a comment in an address, a display name that
    looks like another address, raw Latin-1 bytes in a name, one RFC 2047 word cut in two, a
    folded list with an empty item, no Date and no Message-ID, no recipient at all, and two From.
    """
    date = f"Date: {format_datetime(sent)}"
    alice = "To: alice@example.test"
    return (
        _lines("From: Sam Rivers <sam.rivers@example.org>",
               'To: "Book club": "Zoë M." <zoe.mueller@example.org>,',
               " alice@example.test, Chidi <chidi@ethics.example>;",
               "Subject: Next book", date, "Message-ID: <odd-1@example.org>", "", "Chapter 4."),
        _lines("From: choir <choir-owner@lists.example.net>", "To: undisclosed-recipients:;",
               "Subject: Concert", date, "Message-ID: <odd-2@lists.example.net>", "", "At eight."),
        _lines("From: tom@aurora.example (Tom (from work))", alice,
               "Subject: Re: Keys", date, "Message-ID: <odd-3@aurora.example>", "", "Got them."),
        _lines('From: "alice@example.test" <phish@evil.example>', alice,
               "Subject: Your account", date, "Message-ID: <odd-4@evil.example>", "", "Click here."),
        _lines("From: Andr\xe9 Citro\xebn <andre@citroen.example>", alice,
               "Subject: Caf\xe9", date, "Message-ID: <odd-5@citroen.example>", "", "Bonjour."),
        _lines("From: =?utf-8?q?Bj=C3=B6rk_Gu=C3=B0?=",
               " =?utf-8?q?mundsd=C3=B3ttir?= <bjork@ice.example>", alice,
               "Subject: =?utf-8?b?8J+OtQ==?= song", date, "Message-ID: <odd-6@ice.example>", "", "La la."),
        _lines("From: Bob Builder <bob@aurora.example>", "To: alice@example.test,",
               " , priya@aurora.example,",
               '\t"Tom, the other" <tom.other@aurora.example>',
               "Subject: Everyone", date, "Message-ID: <odd-7@aurora.example>", "", "Hello all."),
        _lines("From: Grandma <grandma.rose@example.net>", alice, "Subject: hello dear", "", "How are you?"),
        _lines("From: Nadia Recruiter <nadia@headhunters.example>",
               "Subject: Great role", date, "Message-ID: <odd-9@headhunters.example>", "", "Interested?"),
        _lines("From: Priya Natarajan <priya@aurora.example>, Tom <tom@aurora.example>",
               "Sender: priya@aurora.example", alice,
               "Subject: From both of us", date, "Message-ID: <odd-10@aurora.example>", "", "We did it."),
    )  # fmt: skip


def _head(envelope: Envelope) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(envelope.sender)
    if envelope.to:
        message["To"] = tuple(map(_address, envelope.to))
    if envelope.cc:
        message["Cc"] = tuple(map(_address, envelope.cc))
    if envelope.bcc:
        message["Bcc"] = tuple(map(_address, envelope.bcc))
    message["Subject"] = envelope.subject
    message["Date"] = envelope.sent
    message["Message-ID"] = envelope.message_id
    if envelope.references:
        message["In-Reply-To"] = envelope.references[-1]
        message["References"] = " ".join(envelope.references)
    return message


def _address(person: Person) -> Address:
    local, _, domain = person.address.rpartition("@")
    return Address(person.name, local, domain)


def _lines(*lines: str) -> bytes:
    # Latin-1 on purpose where it can: that is what old clients left in mailboxes.
    return b"\r\n".join(_octets(line) for line in lines) + b"\r\n"


def _octets(line: str) -> bytes:
    return line.encode("latin-1") if "\xe9" in line else line.encode()
