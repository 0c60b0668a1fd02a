"""The examples in the client's README run as they stand."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2

import mailboxes
from mailboxes.v1 import contact_service_pb2, harvest_service_pb2, oauth_service_pb2
from mailboxes.v1 import mailbox_service_pb2 as pb
from mailboxes.v1.connection_test_pb2 import Remedy
from mailboxes.v1.contact_pb2 import Contact, ContactReason, Group
from mailboxes.v1.harvest_pb2 import Harvest, HarvestFailure, HarvestProgress, HarvestState
from support.scripted_service import TOKEN, Abort, Script, serving

README = Path(__file__).parents[2] / "clients" / "python" / "README.md"


MAILBOXES, OAUTH, CONTACTS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


async def run(example: str, target: str, **names: Any) -> None:
    code = compile(example.replace("mailboxes.internal:50051", target), str(README), "exec")
    await asyncio.to_thread(exec, code, {"read_token": lambda: TOKEN, **names})


async def test_the_example_about_mailboxes_runs(capsys: pytest.CaptureFixture[str]) -> None:
    mailbox = mailboxes.Mailbox(id="a", label="Work", status=mailboxes.MailboxStatus.MAILBOX_STATUS_OK)
    packed = AnyMessage()
    packed.Pack(error_details_pb2.ErrorInfo(reason="PASSWORD_REQUIRED", domain="mailboxes.v1"))
    status = status_pb2.Status(code=9, message="Send it again.", details=[packed]).SerializeToString()
    script = Script(
        [
            pb.SaveResponse(mailbox=mailbox),
            pb.TestResponse(ok=False, error="Refused.", remedy=Remedy(text="Make an app password:", url="u")),
            pb.ListResponse(mailboxes=[mailbox]),
            Abort(grpc.StatusCode.FAILED_PRECONDITION, trailers=(("grpc-status-details-bin", status),)),
            pb.DeleteResponse(ok=True),
        ]
    )
    async with serving(script) as target:
        await run(MAILBOXES, target)
    assert [call.method for call in script.received] == ["Save", "Test", "List", "Save", "Delete"]
    assert capsys.readouterr().out.splitlines() == [
        "Refused. Make an app password: u",
        "Work MAILBOX_STATUS_OK ",
        "The server changed, so ask for the password again.",
    ]


async def test_the_example_about_accounts_runs(capsys: pytest.CaptureFixture[str]) -> None:
    mailbox = mailboxes.Mailbox(id="m", user="ann@gmail.com")
    google = mailboxes.OAuthProvider(id="google", name="Google", configured=True)
    other = mailboxes.OAuthProvider(id="other", name="Other")
    started = mailboxes.StartAuthorizationResponse(authorization_url="https://example.org/auth")
    script = Script(
        [
            oauth_service_pb2.ListProvidersResponse(providers=[google, other]),
            started,
            oauth_service_pb2.CompleteAuthorizationResponse(mailbox=mailbox),
            mailboxes.RevokeResponse(mailbox=mailbox, told_provider=False),
        ]
    )
    asked = []

    def ask(url: str) -> str:
        asked.append(url)
        return "http://localhost/callback?state=CANARY-state&code=CANARY-code"

    async with serving(script) as target:
        await run(OAUTH, target, ask=ask)
    assert asked == ["https://example.org/auth"]
    assert [call.request for call in script.received[1:]] == [
        oauth_service_pb2.StartAuthorizationRequest(provider="google", login_hint="ann@gmail.com"),
        oauth_service_pb2.CompleteAuthorizationRequest(state="CANARY-state", code="CANARY-code"),
        oauth_service_pb2.RevokeRequest(mailbox_id="m"),
    ]
    assert capsys.readouterr().out.splitlines() == [
        "can be connected: ['Google']",
        "connected: ann@gmail.com",
        "Remove the permission in the settings of your account.",
    ]


async def test_the_example_about_contacts_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    progress = HarvestProgress(scanned=5, total=9)
    failure = HarvestFailure(error="Refused.", remedy=Remedy(text="Save the password again."))
    failed = Harvest(id="h", state=HarvestState.HARVEST_STATE_FAILED, progress=progress, failure=failure)
    smith = Contact(
        rank=81,
        display_name="Jo Smith",
        address="jo@example.org",
        reason=ContactReason(text="you wrote to them 4 times"),
    )
    group = Group(id="g", name="Friends")
    script = Script(
        [
            harvest_service_pb2.StartHarvestResponse(harvest=failed),
            [harvest_service_pb2.WatchHarvestResponse(harvest=failed)],
            contact_service_pb2.ListContactsResponse(contacts=[smith]),
            contact_service_pb2.ImportContactsResponse(group=group, added=2, updated=1),
            [contact_service_pb2.ExportContactsResponse(data=data) for data in (b"BEGIN:VCARD\r\n", b"END")],
        ]
    )
    async with serving(script) as target:
        await run(CONTACTS, target, mailbox_id="a")
    assert [call.method for call in script.received] == [
        "StartHarvest", "WatchHarvest", "ListContacts", "ImportContacts", "ExportContacts",
    ]  # fmt: skip
    assert script.received[4].request.filter.group_id == "g"
    assert capsys.readouterr().out.splitlines() == [
        "5 of 9 messages",
        "Refused. Save the password again.",
        "81 Jo Smith jo@example.org you wrote to them 4 times",
        "2 added, 1 updated to Friends",
    ]
    assert (tmp_path / "friends.vcf").read_bytes() == b"BEGIN:VCARD\r\nEND"


@pytest.mark.parametrize("client", [mailboxes.Client, mailboxes.AsyncClient])
def test_every_method_is_in_the_readme(client: type) -> None:
    text = README.read_text()
    methods = {name for name in dir(client) if not name.startswith("_")}
    table = {
        name
        for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
        for name in re.findall(r"`(\w+)\(", row)
    }
    assert table <= methods
    assert {name for name in methods - table if f"client.{name}(" not in text} <= {"close", "test_draft"}
