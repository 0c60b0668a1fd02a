"""The wire: commands and responses over a real socket, one at a time."""

import asyncio
import gc
import socket
from collections.abc import Callable

import pytest

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.framing import Response
from mailbox_svc.imap.wire import Wire
from mailbox_svc.model.check import Code
from support.imap_client import Other, connected, outcome
from support.rpc import eventually
from support.watch import SERVER_WORDS, nothing_left, quiet_logs

SECRET = b"CANARY-wire-password"


async def test_a_command_ends_with_its_tagged_response() -> None:
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"NOOP"))
        sent = await other.receive()
        tag = sent.partition(b" ")[0]
        await other.send(b"* 1 EXISTS\r\n* OK fine\r\n* NO [ALERT] disk\r\n" + tag + b" NO [LIMIT] later\r\n")
        reply = await call

    assert sent == tag + b" NOOP\r\n"
    assert not reply.ok
    assert reply.text == b"[LIMIT] later"
    assert reply.untagged == [(b"* 1 EXISTS",), (b"* OK fine",), (b"* NO [ALERT] disk",)]
    assert reply.server_text == b"[LIMIT] later\n[ALERT] disk"


@pytest.mark.parametrize("bye_first", [True, False])
async def test_a_bye_beside_the_tagged_response_is_kept(bye_first: bool) -> None:
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"LOGIN"))
        tagged = await other.tag() + b" NO Basic authentication is disabled.\r\n"
        bye = b"* BYE signing off.\r\n"
        await other.send(bye + tagged if bye_first else tagged + bye)
        reply = await call

    assert reply.server_text == b"Basic authentication is disabled.\nsigning off."


async def test_the_tagged_response_may_come_a_little_after_the_bye() -> None:
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"LOGIN"))
        tag = await other.tag()
        await other.send(b"* BYE signing off.\r\n")
        await asyncio.sleep(0.01)
        await other.send(tag + b" NO Not like this.\r\n")

        assert (await call).server_text == b"Not like this.\nsigning off."


async def test_a_bye_ends_the_command_at_once_though_the_server_stays() -> None:
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"LOGIN"))
        await other.receive()
        started = asyncio.get_running_loop().time()
        await other.send(b"* NO [ALERT] first\r\n* BYE Too many connections\r\n")
        failure = await outcome(call)

        assert failure.code is Code.SERVER_BYE
        assert failure.server_text == b"[ALERT] first\nToo many connections"
        assert asyncio.get_running_loop().time() - started < 10  # the server stays for ever


async def test_a_bye_between_commands_is_the_answer_to_the_next() -> None:
    async with connected() as (wire, other):
        await other.send(b"* BYE Autologout\r\n")
        await asyncio.sleep(0.05)

        failure = await outcome(asyncio.ensure_future(wire.execute(b"NOOP")))

    assert failure.code is Code.SERVER_BYE
    assert failure.server_text == b"Autologout"


async def test_a_bye_during_a_command_that_succeeded_fails_the_next_at_once() -> None:
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"NOOP"))
        await other.send(b"* BYE soon\r\n" + await other.tag() + b" OK\r\n")
        assert (await call).ok

        failure = await outcome(asyncio.ensure_future(wire.execute(b"NOOP")))

    assert failure.code is Code.SERVER_BYE
    assert failure.server_text == b"soon"


@pytest.mark.parametrize("end", [socket.socket.close, lambda sock: sock.shutdown(socket.SHUT_WR)])
async def test_a_lost_connection_fails_who_waits_at_once(end: Callable[[socket.socket], None]) -> None:
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"NOOP"))
        await other.receive()
        end(other.sock)
        failure = await outcome(call)
        assert failure.code is Code.SERVER_DISCONNECTED

        again = await outcome(asyncio.ensure_future(wire.execute(b"NOOP")))
        assert again.code is Code.SERVER_DISCONNECTED


async def test_a_cancelled_command_takes_the_connection_with_it() -> None:
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"NOOP"))
        await other.receive()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

        assert await other.receive() == b""
        failure = await outcome(asyncio.ensure_future(wire.execute(b"NOOP")))
        assert failure.code is Code.SERVER_DISCONNECTED


async def test_two_commands_at_once_are_a_mistake_of_ours() -> None:
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"NOOP"))
        tag = await other.tag()
        with pytest.raises(RuntimeError, match="one command at a time"):
            await wire.execute(b"NOOP")

        await other.send(tag + b" OK\r\n")
        assert (await call).ok


async def test_a_sink_takes_the_untagged_responses_as_they_come() -> None:
    taken: list[Response] = []
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"LIST", sink=taken.append))
        tag = await other.tag()
        await other.send(b"* LIST () NIL {1}\r\na\r\n* LIST")
        await eventually(lambda: taken == [(b"* LIST () NIL {1}", b"a", b"")])
        await other.send(b" () NIL b\r\n" + tag + b" OK\r\n")

        assert (await call).untagged == []
    assert taken[1:] == [(b"* LIST () NIL b",)]


async def test_a_sink_that_fails_ends_the_connection_with_its_code() -> None:
    def refuse(_: Response) -> None:
        raise ConnectionFailed(Code.LIST_FAILED)

    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"LIST", sink=refuse))
        await other.receive()
        await other.send(b"* 1 EXISTS\r\n")

        assert (await outcome(call)).code is Code.LIST_FAILED


async def test_a_sink_that_breaks_ends_the_connection_and_tells_no_log() -> None:
    def stumble(response: Response) -> None:
        raise ValueError(response)  # which asyncio would log

    with quiet_logs():
        async with nothing_left(), connected() as (wire, other):
            call = asyncio.create_task(wire.execute(b"LIST", sink=stumble))
            await other.receive()
            await other.send(b"* " + SERVER_WORDS + b"\r\n")

            assert (await outcome(call)).code is Code.PROTOCOL_ERROR


async def test_what_was_said_during_one_command_is_not_told_of_the_next() -> None:
    async with connected() as (wire, other):
        for text in (b"first", b"second"):
            call = asyncio.create_task(wire.execute(b"NOOP"))
            await other.send(b"* NO [ALERT] " + text + b"\r\n" + await other.tag() + b" NO done\r\n")

            assert (await call).server_text == b"done\n[ALERT] " + text


async def test_challenges_are_answered_until_there_is_no_answer_left() -> None:
    answers = [b"first", b"second"]
    seen: list[bytes] = []

    def answer(challenge: bytes) -> bytes | None:
        seen.append(challenge)
        return answers.pop(0) if answers else None

    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"AUTHENTICATE X", answer=answer))
        await other.receive()
        await other.send(b"+ one\r\n")
        assert await other.receive() == b"first\r\n"
        await other.send(b"+\r\n")
        assert await other.receive() == b"second\r\n"
        await other.send(b"+ three\r\n")

        assert (await outcome(call)).code is Code.PROTOCOL_ERROR
    assert seen == [b"one", b"", b"three"]


async def test_all_that_comes_before_the_login_counts_together() -> None:
    async def send_much(wire: Wire, other: Other) -> bool:
        call = asyncio.create_task(wire.execute(b"NOOP"))
        await other.send(b"* 1 EXISTS\r\n" * 4000 + await other.tag() + b" OK\r\n")
        return (await call).ok

    async with connected() as (wire, other):
        assert await send_much(wire, other)
        with pytest.raises(ConnectionFailed) as failure:
            await send_much(wire, other)
        assert failure.value.code is Code.RESPONSE_TOO_LARGE

    async with connected() as (wire, other):
        wire.logged_in()
        assert await send_much(wire, other)
        assert await send_much(wire, other)


@pytest.mark.parametrize("leaves", [False, True])
async def test_what_the_server_said_is_kept_up_to_a_limit(leaves: bool) -> None:
    said = b"* NO " + b"x" * 3000 + b"\r\n" + b"* NO\r\n* NO yyyyyyyy\r\n" * 500
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"LOGIN"))
        tag = await other.tag()
        await other.send(said + (b"* BYE z\r\n" if leaves else tag + b" NO z\r\n"))
        text = (await outcome(call) if leaves else await call).server_text

    assert text.startswith(b"xxx" if leaves else b"z\nxxx")
    assert len(text) == 4096


async def test_the_library_s_own_commands_do_not_get_through() -> None:
    # they would leave the user name unquoted and log the password
    async with connected() as (wire, _):
        with pytest.raises(TypeError):
            await wire.login("alice", SECRET.decode())


async def test_a_dead_wire_leaves_nothing_behind() -> None:
    before = len(gc.get_objects())
    for _ in range(50):
        async with connected() as (wire, other):
            call = asyncio.create_task(wire.execute(b"NOOP"))
            await other.receive()
            call.cancel()
            await asyncio.wait([call])
    await asyncio.sleep(0.01)
    gc.collect()

    assert not any(isinstance(thing, Wire) and thing is not wire for thing in gc.get_objects())
    assert len(gc.get_objects()) - before < 1000
    assert asyncio.all_tasks() == {asyncio.current_task()}
