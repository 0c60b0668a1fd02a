"""`connect` and `disconnect` as their users run them, against a service that answers as the test says."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2

import mailboxes
from mailboxes.v1 import mailbox_service_pb2, oauth_service_pb2
from mailboxes.v1.connection_test_pb2 import Remedy
from support.command import mailbox_svc, on_a_terminal
from support.scripted_service import TOKEN, Abort, Script, serving

#: Longer than any screen, and with what rich would take for markup.
URL = f"https://id.example.org/auth?state=CANARY-state&scope=[red]mail[/]&hint={'x' * 300}"
BACK = "http://127.0.0.1:9/callback?state=CANARY-state&code=CANARY-code&iss=https://id.example.org"
GOOGLE = mailboxes.OAuthProvider(
    id="google",
    name="Google",
    configured=True,
    host="imap.gmail.com",
    redirect_uri="http://127.0.0.1:9/callback",
)
OTHER = mailboxes.OAuthProvider(id="microsoft", name="Microsoft", host="outlook.office365.com")
WORK = mailboxes.Mailbox(id="8c6ed5a4-2b0c-4a53-9e60-6f1b42c0a0c5", label="Work", user="ann@example.org")

PROVIDERS = oauth_service_pb2.ListProvidersResponse(providers=[GOOGLE, OTHER])
STARTED = mailboxes.StartAuthorizationResponse(authorization_url=URL, state="CANARY-state")
COMPLETED = oauth_service_pb2.CompleteAuthorizationResponse(mailbox=WORK)
LISTED = mailbox_service_pb2.ListResponse(mailboxes=[WORK])
GOOD = mailboxes.TestResponse(ok=True)


def refused(reason: str, message: str) -> Abort:
    packed = AnyMessage()
    packed.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="mailboxes.v1"))
    status = status_pb2.Status(code=9, message=message, details=[packed]).SerializeToString()
    return Abort(grpc.StatusCode.FAILED_PRECONDITION, message, (("grpc-status-details-bin", status),))


@dataclass(frozen=True, slots=True)
class Service:
    """A service and how to reach it from the command line."""

    script: Script
    options: list[str] = field(repr=False)

    async def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(mailbox_svc, *arguments, *self.options, stdin=stdin)

    async def on_a_terminal(self, *arguments: str, typed: str) -> tuple[str, int]:
        return await asyncio.to_thread(on_a_terminal, *arguments, *self.options, typed=typed)

    def answer(self, *answers: Any) -> None:
        self.script.answers = list(answers)

    @property
    def requests(self) -> list[Any]:
        return [call.request for call in self.script.received]


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    script = Script()
    async with serving(script) as target:
        yield Service(script, ["--target", target, "--token-file", str(token)])


async def test_connecting_shows_the_address_takes_the_other_and_tests_at_once(service: Service) -> None:
    service.answer(PROVIDERS, STARTED, COMPLETED, GOOD)
    done = await service.run("connect", "google", stdin=f"{BACK}\n")
    assert done.returncode == 0, done.stderr
    # The address is alone on its line and whole, so that a terminal makes a link of it.
    assert done.stdout.splitlines() == [URL, "Connected: ann@example.org", "Tested: the login works."]
    assert "http://127.0.0.1:9/callback" in done.stderr
    _, start, complete, test = service.requests
    assert start == oauth_service_pb2.StartAuthorizationRequest(provider="google")
    assert complete == oauth_service_pb2.CompleteAuthorizationRequest(
        state="CANARY-state", code="CANARY-code", iss="https://id.example.org"
    )
    assert test.id == WORK.id
    assert "CANARY" not in done.stderr


async def test_a_mailbox_is_connected_again_by_its_label(service: Service) -> None:
    service.answer(PROVIDERS, LISTED, STARTED, COMPLETED, GOOD)
    done = await service.run(
        "connect", "Google", "--mailbox", "work", "--login-hint", "ann@example.org", stdin=BACK
    )
    assert done.returncode == 0, done.stderr
    assert service.requests[2] == oauth_service_pb2.StartAuthorizationRequest(
        provider="google", mailbox_id=WORK.id, login_hint="ann@example.org"
    )


async def test_a_login_that_fails_after_all_is_said_with_its_remedy(service: Service) -> None:
    remedy = Remedy(text="Switch it on at", url="https://example.org/imap")
    failed = mailboxes.TestResponse(ok=False, error="IMAP is switched off.", remedy=remedy)
    service.answer(PROVIDERS, STARTED, COMPLETED, failed)
    done = await service.run("connect", "google", stdin=BACK)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [URL, "Connected: ann@example.org"]
    assert done.stderr.splitlines()[1:] == [
        "mailbox-svc: IMAP is switched off.",
        "Switch it on at https://example.org/imap",
    ]


async def test_what_is_not_the_address_is_asked_for_once_more(service: Service) -> None:
    service.answer(PROVIDERS, STARTED, COMPLETED, GOOD)
    done = await service.run("connect", "google", stdin=f"\nCANARY-code\n{BACK}\n")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("there is no state in this URL") == 2
    assert "CANARY" not in done.stderr
    assert len(service.requests) == 4  # nothing was sent that could not be right


async def test_without_an_address_nothing_is_connected(service: Service) -> None:
    service.answer(PROVIDERS, STARTED)
    done = await service.run("connect", "google")
    assert done.returncode == 1
    assert done.stderr.endswith("mailbox-svc: No address was given; nothing was connected.\n")
    assert len(service.requests) == 2


async def test_why_no_account_was_connected_is_said_in_the_services_words(service: Service) -> None:
    service.answer(PROVIDERS, STARTED, refused("OAUTH_SCOPE_MISSING", "Leave its box ticked."))
    done = await service.run("connect", "google", stdin=BACK)
    assert (done.returncode, done.stdout) == (1, f"{URL}\n")
    assert done.stderr.endswith("mailbox-svc: Leave its box ticked.\n")


async def test_without_a_provider_those_that_there_are_get_listed(service: Service) -> None:
    service.answer(PROVIDERS)
    done = await service.run("connect")
    assert done.returncode == 0
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["provider", "name", "can", "be", "connected", "server"],
        ["google", "Google", "yes", "imap.gmail.com"],
        ["microsoft", "Microsoft", "no", "outlook.office365.com"],
    ]


async def test_an_unknown_provider_is_answered_with_those_there_are(service: Service) -> None:
    service.answer(PROVIDERS)
    done = await service.run("connect", "yahoo")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "mailbox-svc: There is no provider 'yahoo'; there are: google, microsoft.\n"


@pytest.mark.parametrize("option", ["--mailbox", "--login-hint"])
async def test_options_without_a_provider_are_a_mistake(service: Service, option: str) -> None:
    done = await service.run("connect", option, "x")
    assert done.returncode == 2
    assert service.requests == []


async def test_a_permission_is_given_back(service: Service) -> None:
    for told, lines in ((True, 1), (False, 2)):
        service.answer(LISTED, mailboxes.RevokeResponse(mailbox=WORK, told_provider=told))
        done = await service.run("disconnect", "Work")
        assert done.returncode == 0
        assert done.stdout.startswith("Disconnected: Work. It and its contacts stay.\n")
        assert len(done.stdout.splitlines()) == lines
        assert service.requests[-1] == oauth_service_pb2.RevokeRequest(mailbox_id=WORK.id)


async def test_a_mailbox_with_a_password_cannot_be_disconnected(service: Service) -> None:
    service.answer(LISTED, refused("NOT_CONNECTED", "It was not connected."))
    done = await service.run("disconnect", "Work")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "mailbox-svc: It was not connected.\n"


async def test_a_terminal_takes_an_address_of_any_length(service: Service) -> None:
    """By itself it takes no line of more than 4096 characters; codes may be as long as that alone."""
    service.answer(PROVIDERS, STARTED, COMPLETED, GOOD)
    code = "x" * 5000
    screen, exit_code = await service.on_a_terminal("connect", "google", typed=f"{BACK}{code}\n")
    assert exit_code == 0, screen[-300:]
    assert URL in screen
    assert service.requests[2].iss == f"https://id.example.org{code}"
