"""The sample mailbox: what a harvest, a search or a screenshot may rely on."""

import email
import email.policy
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from mailbox_svc.demo.mail import SampleMessage
from mailbox_svc.demo.sample import FOLDERS, sample_mailbox

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def messages() -> list[SampleMessage]:
    return sample_mailbox(NOW)


def _parsed(messages: list[SampleMessage]) -> list[EmailMessage]:
    return [email.message_from_bytes(message.raw, policy=email.policy.default) for message in messages]


def test_it_is_the_same_mailbox_each_time(messages: list[SampleMessage]) -> None:
    assert sample_mailbox(NOW) == messages


def test_it_holds_a_few_hundred_messages_over_two_years(messages: list[SampleMessage]) -> None:
    assert 380 <= len(messages) <= 450
    assert NOW - timedelta(days=760) < messages[0].received < NOW - timedelta(days=600)
    assert NOW - timedelta(days=2) < messages[-1].received < NOW
    assert [message.received for message in messages] == sorted(message.received for message in messages)


def test_every_message_lies_in_a_known_folder_and_each_special_use_is_there(
    messages: list[SampleMessage],
) -> None:
    count = Counter(message.folder for message in messages)
    assert set(count) <= set(FOLDERS)
    for name in ("INBOX", "Sent", "Archive", "Junk", "Trash", "Drafts", "Projects/Aurora"):
        assert count[name] > 3, name


def test_conversations_refer_to_messages_that_are_there(messages: list[SampleMessage]) -> None:
    parsed = _parsed(messages)
    known = {message["Message-ID"] for message in parsed}
    replies = [message for message in parsed if message["In-Reply-To"]]
    assert len(replies) > 60
    assert {message["In-Reply-To"] for message in replies} <= known


def test_it_has_what_makes_a_harvest_hard(messages: list[SampleMessage]) -> None:
    parsed = _parsed(messages)
    fields = Counter(name for message in parsed for name in {name.lower() for name in message})
    for name, least in {
        "list-id": 40, "list-unsubscribe": 40, "list-post": 20, "precedence": 40, "auto-submitted": 30,
        "cc": 30, "bcc": 1, "reply-to": 5, "sender": 1,
    }.items():  # fmt: skip
        assert fields[name] >= least, name
    raw = b"\n".join(message.raw for message in messages)
    assert b"\xe9" in raw  # a name in raw Latin-1
    assert b"undisclosed-recipients:;" in raw
    assert b"multipart/report" in raw
    assert b"METHOD:REQUEST" in raw
    assert b"xn--bcher-kva.example" in raw
    twice = Counter(message["Message-ID"] for message in parsed if message["Message-ID"])
    assert max(twice.values()) == 2  # one message in two folders


def test_nobody_real_is_addressed(messages: list[SampleMessage]) -> None:
    for message in messages:
        for word in message.raw.decode("utf-8", "replace").replace("<", " ").replace(">", " ").split():
            local, at, domain = word.strip(',;."()').rpartition("@")
            domain = domain.lower().rstrip(".")
            if not at or "=" in domain or local.endswith(".sample"):  # a Message-ID
                continue
            reserved = domain.endswith((".example", ".test")) or domain.removeprefix("lists.") in {
                "example.org", "example.net", "example.com", "example.test",
            }  # fmt: skip
            too_long_for_gmail = len(local.partition("+")[0].replace(".", "")) > 30
            assert reserved or (domain in {"gmail.com", "googlemail.com"} and too_long_for_gmail), word
