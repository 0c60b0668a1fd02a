"""The login by password: what is sent to servers of every kind, and what never is."""

import base64

import pytest

from mailbox_svc.model.check import Code, Password
from mailbox_svc.model.secret import Secret
from support.imap_client import PASSWORD, accepting, failure_of_login, offering, opened, served
from support.imap_server import GREETING, Peer


@pytest.mark.parametrize(
    ("user", "wire"),
    [
        ("alice@example.org", b'"alice@example.org"'),
        ("al ice", b'"al ice"'),
        ('al"ice\\', b'"al\\"ice\\\\"'),
        ("*", b'"*"'),
        ("u{5}", b'"u{5}"'),
        ("(%)", b'"(%)"'),
    ],
)
async def test_a_user_name_is_always_quoted(user: str, wire: bytes) -> None:
    commands: list[bytes] = []
    async with served(accepting(GREETING, commands)) as server:
        session = await opened(server)
        await session.login(user, PASSWORD)
        session.abort()

    assert commands == [b"LOGIN " + wire + b' "CANARY-session-password"']


@pytest.mark.parametrize("initial_response", [True, False])
@pytest.mark.parametrize(
    ("offered", "user", "password"),
    [
        (("LOGINDISABLED",), "alice", "CANARY-session-password"),
        ((), "alice", "CANARY-pässwörd"),
        ((), "jürgen", "CANARY-session-password"),
    ],
)
async def test_plain_is_used_where_login_cannot(
    initial_response: bool, offered: tuple[str, ...], user: str, password: str
) -> None:
    commands: list[bytes] = []
    capabilities = (*offered, "AUTH=PLAIN", *(["SASL-IR"] if initial_response else []))
    async with served(accepting(offering(*capabilities), commands)) as server:
        session = await opened(server)
        await session.login(user, Password(Secret(password)))
        session.abort()

    response = base64.b64encode(f"\0{user}\0{password}".encode())
    if initial_response:
        assert commands == [b"AUTHENTICATE PLAIN " + response]
    else:
        assert commands == [b"AUTHENTICATE PLAIN", response]


@pytest.mark.parametrize(
    ("offered", "user", "password", "code"),
    [
        ("LOGINDISABLED", "alice", "CANARY-x", Code.AUTH_UNSUPPORTED),
        ("LOGINDISABLED AUTH=GSSAPI", "alice", "CANARY-ä", Code.AUTH_UNSUPPORTED),
        ("AUTH=XOAUTH2", "alice", "CANARY-ä", Code.AUTH_PASSWORD_CHARSET),
        ("", "jürgen", "CANARY-x", Code.AUTH_UNSUPPORTED),
        ("", "alice", "CANARY\r\nA1 LOGOUT", Code.AUTH_PASSWORD_CHARSET),
        ("", "alice\r\nA1 LOGOUT", "CANARY-x", Code.AUTH_PASSWORD_CHARSET),
        ("", "alice", "CANARY\0", Code.AUTH_PASSWORD_CHARSET),
        ("LOGINDISABLED AUTH=PLAIN", "alice", "CANARY\0", Code.AUTH_PASSWORD_CHARSET),
    ],
)
async def test_a_password_that_cannot_be_sent_is_not_sent(
    offered: str, user: str, password: str, code: Code
) -> None:
    commands: list[bytes] = []

    failure = await failure_of_login(accepting(offering(offered), commands), user, Password(Secret(password)))

    assert failure.code is code
    assert commands == []


@pytest.mark.parametrize(
    ("before", "tagged", "after", "text"),
    [
        (b"", b"NO [AUTHENTICATIONFAILED] Wrong", b"", b"[AUTHENTICATIONFAILED] Wrong"),
        (b"", b"BAD Not connected.", b"", b"Not connected."),
        (b"", b"NO", b"", b""),
        (
            b"* NO [WEBALERT https://example.org/?t=x] Web login required.\r\n",
            b"NO [ALERT] Log in",
            b"",
            b"[ALERT] Log in\n[WEBALERT https://example.org/?t=x] Web login required.",
        ),
        (b"", b"NO Disabled.", b"* BYE signing off\r\n", b"Disabled.\nsigning off"),
        (b"* BYE signing off\r\n", b"NO [UNAVAILABLE] later", b"", b"[UNAVAILABLE] later\nsigning off"),
    ],
)
async def test_a_refusal_carries_all_that_the_server_said(
    before: bytes, tagged: bytes, after: bytes, text: bytes
) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.command()
        await peer.send(before + peer.tag + b" " + tagged + b"\r\n" + after)
        await peer.silence()

    failure = await failure_of_login(script)

    assert failure.code is Code.AUTH_UNKNOWN
    assert failure.server_text == text


async def test_a_password_that_the_server_echoes_is_in_no_text_of_the_failure() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        command = await peer.command()
        await peer.reply(b"NO I do not know " + command)

    failure = await failure_of_login(script)  # which looks for the canary

    assert b"CANARY" in failure.server_text  # for `classify`, which returns none of it


async def test_a_connection_that_ends_within_the_login_is_told_with_its_last_words() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.command()
        await peer.send(b"* NO [ALERT] Too many simultaneous connections.\r\n")

    failure = await failure_of_login(script)

    assert failure.code is Code.SERVER_DISCONNECTED
    assert failure.server_text == b"[ALERT] Too many simultaneous connections."


async def test_a_reset_is_a_disconnection() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.command()
        await peer.reset()

    assert (await failure_of_login(script)).code is Code.SERVER_DISCONNECTED


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        (b"OK [CAPABILITY IMAP4rev1 X-NEW] in", []),
        (b"OK in", [b"CAPABILITY"]),
        (b"OK [ALERT] in", [b"CAPABILITY"]),
    ],
)
async def test_capabilities_are_those_after_the_login(said: bytes, asked: list[bytes]) -> None:
    commands = []

    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.answer(said)
        commands.append(await peer.answer(b"OK", b"CAPABILITY IMAP4rev1 X-NEW"))

    async with served(script) as server:
        session = await opened(server)
        await session.login("alice", PASSWORD)
        assert session.capabilities == {"IMAP4REV1", "X-NEW"}
        session.abort()
    assert commands == asked


async def test_capabilities_may_come_untagged_with_the_login() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.answer(b"OK alice authenticated (Success)", b"CAPABILITY IMAP4rev1 X-GM-EXT-1")
        await peer.silence()

    async with served(script) as server:
        session = await opened(server)
        await session.login("alice", PASSWORD)
        assert session.capabilities == {"IMAP4REV1", "X-GM-EXT-1"}
        session.abort()


@pytest.mark.parametrize("answer", [b"NO who cares", b"BAD what"])
async def test_a_server_need_not_like_our_id(answer: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.answer(b"OK [CAPABILITY IMAP4rev1 ID] in")
        await peer.answer(answer)
        await peer.answer(b"OK", b'LIST () "/" INBOX')

    async with served(script) as server:
        session = await opened(server)
        await session.login("alice", PASSWORD)
        assert [folder.name for folder in await session.list_folders()] == ["INBOX"]
        session.abort()
