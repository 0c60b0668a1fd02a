"""The login by OAuth2 token."""

import asyncio
import base64

import pytest

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.model.check import AccessToken, Code, Credential, TokenMechanism
from mailbox_svc.model.secret import Secret
from support.imap_client import (
    PASSWORD,
    TOKEN,
    accepting,
    failure_of_login,
    offering,
    opened,
    served,
)
from support.imap_server import (
    Peer,
)

ERROR = b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}'


def message_of(mechanism: str, port: int) -> bytes:
    if mechanism == "XOAUTH2":
        return b"user=alice\x01auth=Bearer CANARY-session-token\x01\x01"
    return b"n,a=alice,\x01host=localhost\x01port=%d\x01auth=Bearer CANARY-session-token\x01\x01" % port


@pytest.mark.parametrize(
    ("wanted", "offered", "used"),
    [
        (None, "AUTH=XOAUTH2", "XOAUTH2"),
        (None, "AUTH=OAUTHBEARER", "OAUTHBEARER"),
        (None, "AUTH=XOAUTH2 AUTH=OAUTHBEARER", "OAUTHBEARER"),
        (TokenMechanism.XOAUTH2, "AUTH=XOAUTH2 AUTH=OAUTHBEARER", "XOAUTH2"),
        (TokenMechanism.OAUTHBEARER, "AUTH=XOAUTH2 AUTH=OAUTHBEARER", "OAUTHBEARER"),
        (TokenMechanism.XOAUTH2, "AUTH=OAUTHBEARER", "OAUTHBEARER"),
        (TokenMechanism.OAUTHBEARER, "AUTH=XOAUTH2", "XOAUTH2"),
    ],
)
@pytest.mark.parametrize("initial_response", [True, False])
async def test_a_token_is_sent_by_the_wanted_mechanism_or_the_best_that_is_offered(
    wanted: TokenMechanism | None, offered: str, used: str, initial_response: bool
) -> None:
    commands: list[bytes] = []
    offer = f"{offered} SASL-IR" if initial_response else offered
    async with served(accepting(offering(offer), commands)) as server:
        session = await opened(server)
        await session.login("alice", AccessToken(TOKEN.secret, wanted))
        session.abort()

    message = base64.b64encode(message_of(used, server.port))
    assert b" ".join(commands) == b"AUTHENTICATE " + used.encode() + b" " + message


@pytest.mark.parametrize(("mechanism", "answer"), [("XOAUTH2", b""), ("OAUTHBEARER", b"AQ==")])
@pytest.mark.parametrize("initial_response", [True, False])
async def test_a_refused_token_is_answered_at_once(
    mechanism: str, answer: bytes, initial_response: bool
) -> None:
    answers = []

    async def script(peer: Peer) -> None:
        await peer.send(offering(f"AUTH={mechanism}", *(["SASL-IR"] if initial_response else [])))
        await peer.command()
        if not initial_response:
            await peer.send(b"+ \r\n")
            await peer.line()
        await peer.send(b"+ " + base64.b64encode(ERROR) + b"\r\n")
        answers.append(await peer.line())
        await peer.reply(b"NO Lookup failed")

    started = asyncio.get_running_loop().time()
    failure = await failure_of_login(script, credential=TOKEN)

    assert answers == [answer]
    assert failure.code is Code.AUTH_TOKEN_REJECTED
    assert failure.server_text == ERROR + b"\nLookup failed"
    assert asyncio.get_running_loop().time() - started < 10  # a missing line is waited for for thirty


async def test_an_error_that_is_not_base64_is_kept_as_it_came() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(offering("AUTH=XOAUTH2", "SASL-IR"))
        await peer.command()
        await peer.send(b"+ expired!\r\n")
        await peer.line()
        await peer.reply(b"NO no")

    assert (await failure_of_login(script, credential=TOKEN)).server_text == b"expired!\nno"


async def test_a_challenge_before_success_is_no_refusal() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(offering("AUTH=XOAUTH2", "SASL-IR"))
        await peer.command()
        await peer.send(b"+ \r\n")
        await peer.line()
        await peer.reply(b"OK [CAPABILITY IMAP4rev1] in")

    async with served(script) as server:
        session = await opened(server)
        await session.login("alice", TOKEN)
        session.abort()


async def test_a_token_refused_without_a_challenge_is_left_to_the_classifier() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(offering("AUTH=XOAUTH2", "SASL-IR"))
        await peer.answer(b"BAD Invalid SASL argument")

    failure = await failure_of_login(script, credential=TOKEN)

    assert (failure.code, failure.server_text) == (Code.AUTH_UNKNOWN, b"Invalid SASL argument")


@pytest.mark.parametrize("challenge", [b"+ \r\n", b"+ " + base64.b64encode(ERROR) + b"\r\n", b"+ %%%\r\n"])
@pytest.mark.parametrize("offered", ["AUTH=XOAUTH2", "AUTH=OAUTHBEARER"])
async def test_a_flood_of_challenges_is_not_answered_one_by_one(offered: str, challenge: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(offering(offered, "SASL-IR"))
        await peer.command()
        await peer.send(challenge * 10**5)
        await peer.silence()

    async with served(script) as server:
        session = await opened(server)
        with pytest.raises(ConnectionFailed) as failure:
            await session.login("alice", TOKEN)
        session.abort()

    assert failure.value.code is Code.PROTOCOL_ERROR
    assert server.received.count(b"\r\n") <= 2  # the command, and the end of the exchange


@pytest.mark.parametrize("credential", [TOKEN, PASSWORD])
async def test_a_server_that_never_stops_asking_is_left(credential: Credential) -> None:
    asked = 0

    async def script(peer: Peer) -> None:
        nonlocal asked
        await peer.send(offering("AUTH=XOAUTH2", "AUTH=PLAIN", "LOGINDISABLED", "SASL-IR"))
        await peer.command()
        while True:
            await peer.send(b"+ \r\n")
            asked += 1
            await peer.line()

    assert (await failure_of_login(script, credential=credential)).code is Code.PROTOCOL_ERROR
    assert asked <= 2


@pytest.mark.parametrize(
    ("offered", "credential", "code"),
    [
        ("AUTH=PLAIN", TOKEN, Code.AUTH_UNSUPPORTED),
        ("AUTH=XOAUTH2", AccessToken(Secret("CANARY\x01\x01")), Code.AUTH_TOKEN_REJECTED),
    ],
)
async def test_a_token_that_cannot_be_sent_is_not_sent(
    offered: str, credential: Credential, code: Code
) -> None:
    commands: list[bytes] = []

    failure = await failure_of_login(accepting(offering(offered), commands), credential=credential)

    assert failure.code is code
    assert commands == []
