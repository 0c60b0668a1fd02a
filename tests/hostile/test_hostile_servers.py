"""Every hostile server ends with the right code, in time, and leaves nothing behind."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from mailbox_svc.model.check import Code, ConnectionReport, Credential, Stage
from support import hostile
from support.bad_certificates import tls_1_0_only
from support.hostile import (
    asks_for_ever,
    at_capability,
    at_list,
    at_login,
    breaks_tls,
    drips,
    leaves_after,
    repeats,
    resets_after,
    says,
)
from support.imap_client import PASSWORD, TOKEN
from support.imap_server import Script, running, server_context
from support.watch import SERVER_WORDS, little_memory, nothing_left, quiet_logs

#: Seconds: the deadline of those that have to reach it, on a machine that is too busy to get them there in
#: time, and of those that must not reach it.
SHORT, LONGER, LONG = 0.4, 4.0, 60.0
W = SERVER_WORDS


@dataclass(frozen=True)
class Case:
    name: str
    script: Script
    stage: Stage
    code: Code
    #: TLS from the first byte, on either side.
    client_tls: bool = True
    server_tls: Callable[[], ssl.SSLContext] | None = server_context
    #: Only the deadline can end it.
    at_deadline: bool = False
    credential: Credential = PASSWORD


def plain(name: str, script: Script, stage: Stage, code: Code, *, at_deadline: bool = False) -> Case:
    """A server on the port for STARTTLS."""
    return Case(name, script, stage, code, client_tls=False, server_tls=None, at_deadline=at_deadline)


S, C = Stage, Code
CASES = [
    # Silence and partings.
    Case("silent, no TLS", says(b""), S.TLS, C.TLS_FAILURE, server_tls=None, at_deadline=True),
    Case("silent", says(b""), S.GREETING, C.SERVER_TIMEOUT, at_deadline=True),
    plain("silent, STARTTLS", says(b""), S.GREETING, C.SERVER_TIMEOUT, at_deadline=True),
    Case("greets and falls silent", says(b"* OK\r\n"), S.CAPABILITY, C.SERVER_TIMEOUT, at_deadline=True),
    Case("never answers the login", at_login(b""), S.AUTH, C.SERVER_TIMEOUT, at_deadline=True),
    Case("never ends the listing", at_list(b"* 1 EXISTS\r\n"), S.LIST, C.SERVER_TIMEOUT, at_deadline=True),
    Case("leaves at once", leaves_after(b""), S.GREETING, C.SERVER_DISCONNECTED),
    Case("leaves before TLS", leaves_after(b""), S.TLS, C.TLS_FAILURE, server_tls=None),
    Case("greets and leaves", leaves_after(b"* OK\r\n"), S.CAPABILITY, C.SERVER_DISCONNECTED),
    Case("greets and resets", resets_after(b"* OK\r\n"), S.CAPABILITY, C.SERVER_DISCONNECTED),
    Case("leaves half a line", leaves_after(b"* OK half"), S.GREETING, C.SERVER_DISCONNECTED),
    Case("BYE", says(b"* BYE " + W + b" \x1b[31m\nred\r\n"), S.GREETING, C.SERVER_BYE),
    Case("BYE, full", says(b"* BYE Too many connections " + W + b"\r\n"), S.GREETING, C.TOO_MANY_CONNECTIONS),
    Case("BYE at the login", at_login(b"* BYE " + W + b"\r\n"), S.AUTH, C.SERVER_BYE),
    # Not IMAP.
    Case("PREAUTH", says(b"* PREAUTH " + W + b"\r\n"), S.GREETING, C.PREAUTH_REFUSED),
    plain("PREAUTH, STARTTLS", says(b"* PREAUTH " + W + b"\r\n"), S.GREETING, C.PREAUTH_REFUSED),
    Case("POP3", says(hostile.POP3), S.GREETING, C.NOT_IMAP),
    Case("SSH", says(hostile.SSH), S.GREETING, C.NOT_IMAP),
    Case("SMTP", says(hostile.SMTP), S.GREETING, C.NOT_IMAP),
    Case("HTTP", says(hostile.HTTP), S.GREETING, C.NOT_IMAP),
    Case("noise", says(hostile.NOISE), S.GREETING, C.NOT_IMAP),
    plain("POP3, STARTTLS", says(hostile.POP3), S.GREETING, C.NOT_IMAP),
    plain("noise, STARTTLS", says(hostile.NOISE), S.GREETING, C.NOT_IMAP),
    Case("IMAP on the TLS port", says(b"* OK " + W + b"\r\n"), S.TLS, C.TLS_FAILURE, server_tls=None),
    Case("HTTP on the TLS port", says(hostile.HTTP), S.TLS, C.TLS_FAILURE, server_tls=None),
    Case("noise on the TLS port", says(hostile.NOISE), S.TLS, C.TLS_FAILURE, server_tls=None),
    Case("noise under TLS", breaks_tls(), S.AUTH, C.TLS_FAILURE),
    Case("TLS on port 143", says(b""), S.GREETING, C.SERVER_TIMEOUT, client_tls=False, at_deadline=True),
    Case("TLS 1.0 only", says(b"* OK\r\n"), S.TLS, C.TLS_FAILURE, server_tls=tls_1_0_only),
    Case("CAPABILITY refused", at_capability(b"{tag} NO " + W + b"\r\n"), S.CAPABILITY, C.NOT_IMAP),
    Case("CAPABILITY empty", at_capability(b"* CAPABILITY\r\n{tag} OK\r\n"), S.CAPABILITY, C.NOT_IMAP),
    # Too much.
    Case("endless line", repeats(b"x", 10**6, first=b"* OK "), S.GREETING, C.RESPONSE_TOO_LARGE),
    plain("endless line, STARTTLS", repeats(b"x", 10**6, first=b"* OK "), S.GREETING, C.RESPONSE_TOO_LARGE),
    Case("10^6 lines", repeats(b"* 1 X\r\n", 10**6, first=b"* OK\r\n"), S.CAPABILITY, C.RESPONSE_TOO_LARGE),
    Case("10^6 lines at LIST", at_list(b"* 1 EXISTS\r\n" * 10**3, times=10**3), S.LIST, C.RESPONSE_TOO_LARGE),
    Case("10^6 empty lines", at_list(b"\r\n" * 10**3, times=10**3), S.LIST, C.RESPONSE_TOO_LARGE),
    Case("10^6 remarks", at_list(b"* NO " + W + b"\r\n" * 10**3, times=10**3), S.LIST, C.RESPONSE_TOO_LARGE),
    Case("literal of 4 GiB", at_capability(b"* X {4294967295}\r\n"), S.CAPABILITY, C.RESPONSE_TOO_LARGE),
    Case("literal of 10^20", at_list(b"* X {99999999999999999999}\r\n"), S.LIST, C.RESPONSE_TOO_LARGE),
    Case("literal of 5000 digits", at_list(b"* X {" + b"9" * 5000 + b"}\r\n"), S.LIST, C.RESPONSE_TOO_LARGE),
    Case("endless literals", at_list(b"* X" + b" {0}\r\n" * 10**4), S.LIST, C.RESPONSE_TOO_LARGE),
    Case("many large literals", at_list(b"* X {200000}\r\n" + b"x" * 200_000 + b"\r\n", times=99), S.LIST,
         C.RESPONSE_TOO_LARGE),
    Case("nested 10^5 deep", at_list(b"* LIST " + b"(" * 10**5 + b"\r\n"), S.LIST, C.RESPONSE_TOO_LARGE),
    Case("nested 10^4 deep", at_list(b"* LIST " + b"(" * 10**4 + b"\r\n"), S.LIST, C.PROTOCOL_ERROR),
    Case("negative literal", at_list(b"* LIST () NIL {-5}\r\nhello\r\n"), S.LIST, C.PROTOCOL_ERROR),
    Case("drips", drips(b"* OK " + W, 0.05), S.GREETING, C.SERVER_TIMEOUT, at_deadline=True),
    # Out of turn.
    Case("wrong tag", at_login(b"WRONG OK " + W + b"\r\n"), S.AUTH, C.PROTOCOL_ERROR),
    Case("duplicate tag", at_login(b"{tag} OK\r\n{tag} OK " + W + b"\r\n"), S.AUTH, C.PROTOCOL_ERROR),
    Case("tag without a command", says(b"* OK\r\nA1 OK " + W + b"\r\n"), S.CAPABILITY, C.PROTOCOL_ERROR),
    Case("+ without a command", says(b"* OK\r\n+ " + W + b"\r\n"), S.CAPABILITY, C.PROTOCOL_ERROR),
    Case("+ at LOGIN", at_login(b"+ " + W + b"\r\n"), S.AUTH, C.PROTOCOL_ERROR),
    Case("+ for ever", asks_for_ever(), S.AUTH, C.PROTOCOL_ERROR, credential=TOKEN),
    Case("noise at the login", at_login(hostile.NOISE + b"\r\n"), S.AUTH, C.PROTOCOL_ERROR),
    # Refusals.
    Case("echoes the password", at_login(b"{tag} NO " + W + b" {command}\r\n"), S.AUTH, C.AUTH_UNKNOWN),
    Case("echoes it in a BYE", at_login(b"* BYE " + W + b" {command}\r\n"), S.AUTH, C.SERVER_BYE),
    Case("echoes the token", at_login(b"{tag} BAD " + W + b" {command}\r\n"), S.AUTH, C.AUTH_TOKEN_REJECTED,
         credential=TOKEN),
    Case("refuses the token", at_login(b"+ e30=\r\n{tag} NO " + W + b"\r\n"), S.AUTH, C.AUTH_TOKEN_REJECTED,
         credential=TOKEN),
    Case("refuses the listing", at_list(b"{tag} NO " + W + b"\r\n"), S.LIST, C.LIST_FAILED),
]  # fmt: skip

#: One of each kind, for the loop that the service runs on only where there is no uvloop.
ON_ASYNCIO = {
    "silent, no TLS",
    "never answers the login",
    "leaves before TLS",
    "greets and resets",
    "BYE",
    "noise under TLS",
    "noise, STARTTLS",
    "TLS on port 143",
    "TLS 1.0 only",
    "endless line",
    "endless line, STARTTLS",
    "literal of 4 GiB",
    "drips",
    "+ for ever",
    "echoes the token",
}
on_uvloop = pytest.mark.asyncio(loop_factories=["uvloop"])
on_asyncio = pytest.mark.asyncio(loop_factories=["asyncio"])
Connect = Callable[..., Awaitable[ConnectionReport]]


async def run(case: Case, connect: Connect) -> tuple[ConnectionReport, float]:
    """Connect; returns the report, and the seconds that it took beyond a deadline that has to pass."""
    if not case.at_deadline:
        return await _once(case, connect, LONG)
    report, took = await _once(case, connect, SHORT)
    if report.stage is case.stage:
        return report, took - SHORT
    report, took = await _once(case, connect, LONGER)
    return report, took - LONGER


async def _once(case: Case, connect: Connect, timeout: float) -> tuple[ConnectionReport, float]:
    loop = asyncio.get_running_loop()
    async with running(case.script, tls=case.server_tls() if case.server_tls else None) as server:
        started = loop.time()
        report = await connect(
            server,
            tls=case.client_tls,
            credential=case.credential,
            timeout=timeout,
        )
        return report, loop.time() - started


@on_uvloop
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_hostile_server_ends_in_time_with_its_code_and_nothing_is_left(
    case: Case, connect: Connect
) -> None:
    await _ends_well(case, connect)


@on_asyncio
@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name in ON_ASYNCIO], ids=lambda case: case.name
)
async def test_so_it_does_on_asyncio(case: Case, connect: Connect) -> None:
    await _ends_well(case, connect)


async def _ends_well(case: Case, connect: Connect) -> None:
    """Look at it all in one connection, which costs most: memory, time, what is left, what is logged."""
    asyncio.get_running_loop().set_debug(True)
    with quiet_logs():
        async with nothing_left():
            with little_memory():
                report, took = await run(case, connect)

    assert "CANARY" not in repr(report)
    assert SERVER_WORDS.decode() not in repr(report)
    assert (report.stage, report.code) == (case.stage, case.code)
    if case.at_deadline:
        assert -0.01 < took < LONG / 2  # uvloop counts in milliseconds
    else:
        assert took < LONG / 2
