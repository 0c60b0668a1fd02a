"""How many connections there are to one account at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from mailbox_svc.imap.account_gate import AccountGate
from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.model.check import Code
from mailbox_svc.model.mailbox import Destination

ANNA = Destination("imap.example.org", 993, tls=True, user="anna@example.org")


async def test_an_account_has_as_many_connections_as_it_may_and_the_next_waits_for_one_to_end() -> None:
    gate = AccountGate(2)
    first, second = gate.hold(ANNA, timeout=30), gate.hold(ANNA, timeout=30)
    await first.__aenter__()
    await second.__aenter__()
    third = gate.hold(ANNA, timeout=30)
    waiting = asyncio.create_task(third.__aenter__())
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    assert not done

    await first.__aexit__(None, None, None)
    await waiting
    for held in (second, third):
        await held.__aexit__(None, None, None)


async def test_who_waits_too_long_is_told_that_there_are_too_many() -> None:
    gate = AccountGate(1)
    async with gate.hold(ANNA, timeout=30):
        with pytest.raises(ConnectionFailed) as raised:
            async with gate.hold(ANNA, timeout=0.05):
                pass
    assert raised.value.code is Code.TOO_MANY_CONNECTIONS
    async with gate.hold(ANNA, timeout=0.05):
        pass


async def test_the_account_is_the_host_and_the_login_whatever_the_port() -> None:
    gate = AccountGate(1)
    async with gate.hold(ANNA, timeout=30):
        for same in (replace(ANNA, host="IMAP.example.org"), replace(ANNA, port=143, tls=False)):
            with pytest.raises(ConnectionFailed):
                await gate.hold(same, timeout=0.02).__aenter__()
        for other in (replace(ANNA, user="bob"), replace(ANNA, host="mail.example.org")):
            async with gate.hold(other, timeout=0.02):
                pass


async def test_what_fails_while_it_holds_one_gives_it_back() -> None:
    gate = AccountGate(1)
    with pytest.raises(ZeroDivisionError):
        async with gate.hold(ANNA, timeout=30):
            raise ZeroDivisionError
    async with gate.hold(ANNA, timeout=0.05):
        pass
