"""Reading headers from a server that keeps to the rules, over a real socket."""

from __future__ import annotations

from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.source import ImapMailSource
from mailbox_svc.ports.mail import MailFolder, MailSource, OpenFolder
from support.mail_server import Held, Keeper, reading, serving
from support.watch import nothing_left


def letters(*uids: int) -> dict[int, bytes]:
    return {uid: b"From: u%d@example.org\r\n\r\n" % uid for uid in uids}


def test_it_is_a_mail_source() -> None:
    source: MailSource = ImapMailSource(EgressPolicy())
    assert callable(source.open)


async def test_every_message_is_given_once_and_the_end_is_told_before_the_checkpoint() -> None:
    held, sink = Held(letters(3, 4, 9), uidnext=20), Keeper()
    async with nothing_left(), reading(serving(held)) as here:
        await here.read(sink)

    assert sink.messages == held.messages
    assert sink.reached_at == [19]
    assert sink.checkpoints == 1
    assert here.fetches == [b"1:19"]


async def test_only_what_is_above_the_position_is_asked_for() -> None:
    held, sink = Held(letters(3, 4, 9)), Keeper()
    async with reading(serving(held)) as here:
        await here.read(sink, after=4)

    assert sink.messages == letters(9)
    assert here.fetches == [b"5:9"]


async def test_an_empty_folder_and_one_without_news_cost_no_command() -> None:
    sink = Keeper()
    async with reading(serving(Held(uidnext=50))) as here:
        await here.read(sink)
        assert here.fetches == []
    async with reading(serving(Held(letters(1, 2)))) as here:
        await here.read(sink, after=2)
        assert here.fetches == []
    assert (sink.messages, sink.reached_at, sink.checkpoints) == ({}, [], 0)


async def test_a_folder_is_opened_and_told() -> None:
    async with reading(serving(Held(letters(1, 2)))) as here, here.reader() as reader:
        assert await reader.folders() == [MailFolder("Entwürfe", b"Entw&APw-rfe", frozenset({r"\sent"}))]
        assert await reader.examine(b"Entw&APw-rfe") == OpenFolder(7, 3, 2, 99)
    assert b'EXAMINE "Entw&APw-rfe"' in here.server.received
    assert b"LOGOUT" in here.server.received
