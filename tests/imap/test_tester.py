"""The whole test, on real sockets: a name server of ours, a server of ours, real TLS."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from ipaddress import ip_network

import pytest

from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.resolve import HostResolver, Resolved
from mailbox_svc.imap.tester import ImapConnectionTester
from mailbox_svc.model.check import AccessToken, Code, ConnectionReport, Stage
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.secret import Secret
from mailbox_svc.ports import ConnectionTester
from support.imap_server import GREETING, Peer
from support.tester_world import HOST, PASSWORD, refusing, welcoming, world

TOKEN = AccessToken(Secret("CANARY-token-of-test-tester"))


async def silent(peer: Peer) -> None:
    await peer.silence()


def test_it_is_a_connection_tester() -> None:
    tester: ConnectionTester = ImapConnectionTester(Access(EgressPolicy()))
    assert callable(tester.test)


async def test_a_login_that_works_passes_every_stage_and_logs_out() -> None:
    async with world(welcoming) as here:
        report = await here.report()
        assert report.ok
        assert report == ConnectionReport(Code.OK, Stage.LIST, checks=report.checks)
        assert [(check.stage, check.ok) for check in report.checks] == [(stage, True) for stage in Stage]
        assert all(0 <= check.took < 5 for check in report.checks)
        assert b"LOGOUT" in here.server.received


async def test_a_wrong_password_at_gmail_is_answered_with_the_app_password_page() -> None:
    script = refusing(b"NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)")
    async with world(script, host="imap.gmail.com") as here:
        report = await here.report()
    assert (report.code, report.stage) == (Code.AUTH_INVALID_CREDENTIALS, Stage.AUTH)
    assert report.error == "Invalid credentials: Gmail takes an app password here, not the account password."
    assert report.remedy is not None
    assert report.remedy.url == "https://myaccount.google.com/apppasswords"
    assert report.wrong_fields == ("password", "user")
    assert not report.retryable
    assert report.retry_after is None
    assert [check.ok for check in report.checks] == [True, True, True, True, True, False]


async def test_a_wrong_password_anywhere_is_invalid_credentials() -> None:
    async with world(refusing(b"NO [AUTHENTICATIONFAILED] Authentication failed.")) as here:
        assert (await here.report()).error == "Invalid credentials"


async def test_microsoft_answers_are_told_apart_by_the_credential() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] ready\r\n")
        await peer.answer(b"NO AUTHENTICATE failed.")
        await peer.silence()

    async with world(script, host="outlook.office365.com") as here:
        assert (await here.report()).code is Code.AUTH_BASIC_DISABLED
        assert (await here.report(credential=TOKEN)).code is Code.AUTH_TOKEN_REJECTED


async def test_the_wait_a_server_asks_for_is_in_the_report() -> None:
    script = refusing(b"BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds")
    async with world(script) as here:
        report = await here.report()
    assert report.code is Code.RATE_LIMITED
    assert report.retryable
    assert report.retry_after == pytest.approx(299.961)


async def test_without_a_wait_of_the_servers_ours_is_in_the_report() -> None:
    async with world(refusing(b"NO [UNAVAILABLE] Later")) as here:
        assert (await here.report()).retry_after == 300


async def test_a_refusal_for_good_names_no_wait_whatever_the_server_asks() -> None:
    script = refusing(b"NO [AUTHENTICATIONFAILED] No. Suggested Backoff Time: 5000")
    async with world(script) as here:
        report = await here.report()
    assert not report.retryable
    assert report.retry_after is None


async def test_a_refused_login_closes_the_connection() -> None:
    gone = asyncio.Event()

    async def script(peer: Peer) -> None:
        await refusing(b"NO Login failed.")(peer)
        gone.set()

    async with world(script) as here:
        await here.report()
        await asyncio.wait_for(gone.wait(), 20)


async def test_nothing_a_server_says_reaches_the_report_or_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = PASSWORD.secret.reveal()
    said = f"NO [ALERT] bad password {secret} \x1b[31m https://accounts.example/?plt=CANARY-web-token"
    async with world(refusing(said.encode())) as here:
        report = await here.report()
        assert secret.encode() in here.server.received
    for shown in (repr(report), caplog.text):
        assert "CANARY" not in shown
        assert "\x1b" not in shown
    assert report.remedy is not None
    assert "accounts.example" not in report.remedy.text + report.remedy.url


async def test_a_bye_for_a_greeting_is_told_at_once() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"* BYE Too many connections \x1b]0;x\x07\r\n")

    async with world(script) as here:
        started = time.monotonic()
        report = await here.report(timeout=30)
        assert (report.code, report.stage) == (Code.TOO_MANY_CONNECTIONS, Stage.GREETING)
        assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    ("said", "stage", "code"),
    [
        (b"", Stage.GREETING, Code.SERVER_TIMEOUT),
        (b"* OK ready\r\n", Stage.CAPABILITY, Code.SERVER_TIMEOUT),
        (GREETING, Stage.AUTH, Code.SERVER_TIMEOUT),
    ],
)
async def test_silence_ends_at_the_deadline_in_the_stage_it_began(
    said: bytes, stage: Stage, code: Code
) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(said)
        await peer.silence()

    async with world(script) as here:
        started = time.monotonic()
        report = await here.report(timeout=1)
        assert (report.code, report.stage) == (code, stage)
        assert report.retryable
        assert report.checks[-1].stage is stage
        assert not report.checks[-1].ok
        assert 0.9 < time.monotonic() - started < 15  # the server says nothing, for ever


async def test_a_server_that_never_starts_tls_is_a_tls_failure() -> None:
    async with world(silent, tls=False) as here:
        report = await here.report(timeout=1)
        assert (report.code, report.stage) == (Code.TLS_FAILURE, Stage.TLS)
        assert report.wrong_fields == ("tls", "port")


async def test_a_plain_server_at_a_tls_port_is_a_tls_failure() -> None:
    async with world(refusing(b"NO"), tls=False) as here:
        report = await here.report()
        assert (report.code, report.stage) == (Code.TLS_FAILURE, Stage.TLS)


async def test_a_tls_server_where_starttls_was_expected_is_a_timeout_of_the_greeting() -> None:
    async with world(welcoming) as here:
        report = await here.report(tls=False, timeout=1)
        assert (report.code, report.stage) == (Code.SERVER_TIMEOUT, Stage.GREETING)
        assert "tls" in report.wrong_fields


async def test_a_silent_name_server_is_a_temporary_dns_failure() -> None:
    async with world(welcoming) as here:
        here.dns.zone.records[HOST] = "SILENCE"
        report = await here.report(timeout=0.5)
        assert (report.code, report.stage) == (Code.DNS_TEMPORARY, Stage.RESOLVE)
        assert here.server.connections == 0


async def test_a_port_that_swallows_everything_is_a_connect_timeout() -> None:
    with socket.socket() as listener, socket.socket() as queued:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        queued.connect(listener.getsockname())
        port = listener.getsockname()[1]
        policy = EgressPolicy((ip_network("127.0.0.1/32"),), frozenset({port}))
        tester = ImapConnectionTester(Access(policy))
        report = await tester.test(Destination("127.0.0.1", port, True, "me"), PASSWORD, timeout=0.3)
        assert (report.code, report.stage) == (Code.CONNECT_TIMEOUT, Stage.CONNECT)


async def test_every_reason_not_to_connect_reads_the_same() -> None:
    async with world(welcoming) as here:
        reports = []
        for host, port in [
            (HOST, here.server.port + 1),
            ("10.0.0.1", here.server.port),
            ("169.254.169.254", here.server.port),
            ("mixed.example", here.server.port),
        ]:
            here.dns.zone.records["mixed.example"] = ["127.0.0.1", "10.0.0.1"]
            report = await here.tester.test(Destination(host, port, True, "me"), PASSWORD, timeout=5)
            reports.append((report.code, report.stage, report.error, report.remedy, report.wrong_fields))
        assert len(set(reports)) == 1
        assert reports[0][0] is Code.DESTINATION_NOT_ALLOWED
        assert here.server.connections == 0


async def test_starttls_is_required_where_tls_is_off() -> None:
    async with world(welcoming, tls=False) as here:
        report = await here.report(tls=False)
        assert (report.code, report.stage) == (Code.TLS_REQUIRED, Stage.CAPABILITY)
        assert b"CANARY" not in here.server.received


async def test_a_server_that_does_not_let_go_costs_no_more_than_the_deadline() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        while not (await peer.command()).startswith(b"LIST"):
            await peer.send(b"* CAPABILITY IMAP4rev1\r\n")
            await peer.reply(b"OK done")
        await peer.reply(b"OK done")
        await peer.silence()

    async with world(script) as here:
        for _ in range(4):  # a busy machine gets further tries
            started = time.monotonic()
            report = await here.report(timeout=0.6)
            took = time.monotonic() - started
            if report.ok and took < 0.95:
                return
    pytest.fail(f"a goodbye has a second, but the test had less: {took}, {report}")


async def test_a_cancelled_test_is_cancelled_and_leaves_nothing() -> None:
    came, gone = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.command()
        came.set()
        await peer.silence()
        gone.set()

    async with world(script) as here:
        task = asyncio.create_task(here.report(timeout=30))
        await asyncio.wait_for(came.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 20)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_error_nobody_foresaw_is_a_report_and_a_log_line_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(HostResolver):
        async def resolve(self, host: str) -> Resolved:
            raise RuntimeError(f"CANARY-text about {host}")

    tester = ImapConnectionTester(Access(EgressPolicy(), resolver=Broken(["127.0.0.1"])))
    report = await tester.test(Destination(HOST, 993, True, "me"), PASSWORD, timeout=5)
    assert (report.code, report.stage) == (Code.PROTOCOL_ERROR, Stage.RESOLVE)
    (record,) = caplog.records
    assert record.__dict__["error_type"] == "RuntimeError"
    assert "CANARY" not in caplog.text + repr(report)


async def test_fifty_tests_at_once_do_not_get_in_each_others_way() -> None:
    async with world(welcoming) as here:
        reports = await asyncio.gather(*(here.report(timeout=60) for _ in range(50)))
        assert {report.code for report in reports} == {Code.OK}
        assert here.server.connections == 50
