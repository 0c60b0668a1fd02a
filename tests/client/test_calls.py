"""What the clients send, against a scripted service; each test runs with both clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
import trustme

import mailboxes
from mailboxes.v1 import mailbox_service_pb2 as pb
from support.scripted_service import TOKEN, Abort, Both, Script, serving

PASSWORD = "CANARY-client-password"


async def test_list_returns_the_mailboxes(script: Script, connect: Callable[..., Both]) -> None:
    script.answers = [pb.ListResponse(mailboxes=[mailboxes.Mailbox(id="a"), mailboxes.Mailbox(id="b")])]
    found = await connect().call("list")
    assert isinstance(found, list)
    assert [mailbox.id for mailbox in found] == ["a", "b"]


async def test_save_sends_each_field_and_returns_the_mailbox(
    script: Script, connect: Callable[..., Both]
) -> None:
    stored = mailboxes.Mailbox(id="a", label="Work", status=mailboxes.MailboxStatus.MAILBOX_STATUS_PENDING)
    script.answers = [pb.SaveResponse(mailbox=stored)]
    fields: dict[str, Any] = {
        "id": "a", "label": "Work", "host": "imap.test", "port": 1143, "tls": False,
        "user": "ann@test", "password": PASSWORD, "etag": "e1",
    }  # fmt: skip
    mailbox = await connect().call("save", **fields)
    assert mailbox == stored
    assert script.received[0].request == pb.SaveRequest(**fields)


async def test_save_leaves_out_what_is_not_given(script: Script, connect: Callable[..., Both]) -> None:
    await connect().call("save", label="Work", host="imap.test", user="ann", id=None, password=None)
    request = script.received[0].request
    assert not any(request.HasField(name) for name in ("id", "password", "etag"))
    assert (request.tls, request.port) == (True, 993)


async def test_starttls_has_its_own_default_port(script: Script, connect: Callable[..., Both]) -> None:
    await connect().call("save", label="Work", host="imap.test", user="ann", tls=False)
    await connect().call("test_draft", host="imap.test", user="ann", tls=False, port=993)
    save, test = (received.request for received in script.received)
    assert (save.tls, save.port) == (False, 143)
    assert (test.draft.tls, test.draft.port) == (False, 993)


async def test_delete_names_the_mailbox_and_returns_nothing(
    script: Script, connect: Callable[..., Both]
) -> None:
    assert await connect().call("delete", "a") is None
    assert script.received[0].request == pb.DeleteRequest(id="a")


async def test_a_failed_login_is_an_answer(script: Script, connect: Callable[..., Both]) -> None:
    code = mailboxes.TestCode.TEST_CODE_AUTH_INVALID_CREDENTIALS
    script.answers = [pb.TestResponse(ok=False, error="Wrong password.", code=code)]
    result = await connect().call("test", "a")
    assert (result.ok, result.error) == (False, "Wrong password.")
    assert result.code == code
    assert script.received[0].request == pb.TestRequest(id="a")


async def test_a_draft_is_tested_with_its_password(script: Script, connect: Callable[..., Both]) -> None:
    assert (await connect().call("test_draft", host="imap.test", user="ann", password=PASSWORD)).ok
    draft = pb.SaveRequest(host="imap.test", port=993, tls=True, user="ann", password=PASSWORD)
    assert script.received[0].request == pb.TestRequest(draft=draft)


async def test_every_call_carries_the_token(script: Script, connect: Callable[..., Both]) -> None:
    client = connect()
    await client.call("list")
    await client.call("delete", "a")
    assert [r.metadata["authorization"] for r in script.received] == [f"Bearer {TOKEN}"] * 2
    assert "x-user-id" not in script.received[0].metadata


async def test_a_token_function_is_asked_before_each_call(
    script: Script, connect: Callable[..., Both]
) -> None:
    tokens = iter(["CANARY-first", "CANARY-second"])
    client = connect(lambda: next(tokens))
    await client.call("list")
    await client.call("list")
    assert [r.metadata["authorization"] for r in script.received] == [
        "Bearer CANARY-first",
        "Bearer CANARY-second",
    ]


async def test_the_async_client_takes_an_async_token_function(script: Script, target: str) -> None:
    async def token() -> str:
        return TOKEN

    async with mailboxes.AsyncClient(target, token) as client:
        await client.list()
    assert script.received[0].metadata["authorization"] == f"Bearer {TOKEN}"


async def test_the_line_break_of_a_token_file_is_left_out(
    script: Script, connect: Callable[..., Both]
) -> None:
    await connect(TOKEN + "\n").call("list")
    assert script.received[0].metadata["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("token", ["", " ", "CANARY-a\nb", "CANARY-é", "CANARY-\x00"])
async def test_an_impossible_token_is_refused_without_repeating_it(
    connect: Callable[..., Both], token: str
) -> None:
    with pytest.raises(ValueError) as caught:
        await connect(token).call("list")
    assert "CANARY" not in str(caught.value)


async def test_a_service_names_its_user(script: Script, connect: Callable[..., Both]) -> None:
    await connect(user_id="user-7").call("list")
    assert script.received[0].metadata["x-user-id"] == "user-7"


async def test_a_test_may_take_longer_than_other_calls(script: Script, connect: Callable[..., Both]) -> None:
    client = connect()
    await client.call("list")
    await client.call("test", "a")
    await client.call("test_draft", host="imap.test", user="ann")
    assert [round(r.seconds, -1) for r in script.received] == [10, 60, 60]


async def test_timeouts_can_be_set(script: Script, connect: Callable[..., Both]) -> None:
    client = connect(timeout=30, test_timeout=90)
    await client.call("save", label="Work", host="imap.test", user="ann")
    await client.call("test", "a")
    assert [round(r.seconds, -1) for r in script.received] == [30, 90]


async def test_a_slow_service_times_out(script: Script, connect: Callable[..., Both]) -> None:
    script.answers = [5.0]
    with pytest.raises(mailboxes.TimedOut):
        await connect(timeout=0.1).call("list")


async def test_list_is_repeated_while_the_service_is_unavailable(
    script: Script, connect: Callable[..., Both]
) -> None:
    down = Abort(grpc.StatusCode.UNAVAILABLE)
    script.answers = [down, down, pb.ListResponse(mailboxes=[mailboxes.Mailbox(id="a")])]
    assert len(await connect().call("list")) == 1
    assert len(script.received) == 3


READS: list[tuple[str, dict[str, Any]]] = [
    ("list", {}),
    ("get_harvest", {"harvest_id": "h"}),
    ("latest_harvest", {"mailbox_id": "a"}),
    ("contacts_page", {}),
    ("skipped_page", {}),
    ("get_contact", {"contact_id": "c"}),
    ("list_groups", {}),
    ("oauth_providers", {}),
]


@pytest.mark.parametrize(("method", "arguments"), READS)
async def test_reads_are_repeated_while_the_service_is_unavailable(
    script: Script, client: Both, method: str, arguments: dict[str, str]
) -> None:
    script.answers = [Abort(grpc.StatusCode.UNAVAILABLE)]
    with pytest.raises(mailboxes.Unavailable):
        await client.call(method, **arguments)
    assert len(script.received) == 4


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("save", {"label": "Work", "host": "imap.test", "user": "ann"}),
        ("delete", {"mailbox_id": "a"}),
        ("test", {"mailbox_id": "a"}),
        ("start_harvest", {"mailbox_id": "a"}),
        ("cancel_harvest", {"harvest_id": "h"}),
        ("update_contact", {"contact_id": "c"}),
        ("delete_contact", {"contact_id": "c"}),
        ("save_group", {"name": "Friends"}),
        ("delete_group", {"group_id": "g"}),
        ("remove_members", {"group_id": "g", "contact_ids": ["c"]}),
        ("import_contacts", {"group": "Friends"}),
        ("start_authorization", {"provider": "google"}),
        ("complete_authorization", {"state": "CANARY-state", "code": "CANARY-code"}),
        ("revoke", {"mailbox_id": "a"}),
    ],
)
async def test_other_calls_are_never_repeated(
    script: Script, connect: Callable[..., Both], method: str, arguments: dict[str, str]
) -> None:
    script.answers = [Abort(grpc.StatusCode.UNAVAILABLE)]
    with pytest.raises(mailboxes.Unavailable):
        await connect().call(method, **arguments)
    assert len(script.received) == 1


async def test_list_is_not_repeated_after_other_errors(script: Script, connect: Callable[..., Both]) -> None:
    script.answers = [Abort(grpc.StatusCode.INTERNAL)]
    with pytest.raises(mailboxes.MailboxError):
        await connect().call("list")
    assert len(script.received) == 1


async def test_a_service_that_is_not_there_is_unavailable_at_once(kind: str) -> None:
    client = Both(kind, "127.0.0.1:1", timeout=30)
    with pytest.raises(mailboxes.Unavailable) as caught:
        await client.call("save", label="Work", host="imap.test", user="ann")
    assert caught.value.reason == ""
    await client.close()


async def test_both_are_context_managers(script: Script, target: str) -> None:
    async with mailboxes.AsyncClient(target, TOKEN) as client:
        await client.list()
    with pytest.raises(grpc.aio.UsageError):
        await client.list()
    with mailboxes.Client(target, TOKEN) as sync_client:
        pass
    with pytest.raises(ValueError):
        sync_client.list()
    assert len(script.received) == 1


def test_no_secret_is_in_a_repr(target: str) -> None:
    with mailboxes.Client(target, TOKEN) as client:
        assert repr(client) == f"mailboxes.Client({target!r})"


@pytest.mark.parametrize("channel_kind", ["sync", "async"])
async def test_tls_with_own_roots(script: Script, channel_kind: str) -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost")
    server = grpc.ssl_server_credentials(
        [(leaf.private_key_pem.bytes(), b"".join(pem.bytes() for pem in leaf.cert_chain_pems))]
    )
    roots = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
    async with serving(script, server) as target:
        trusting = Both(channel_kind, target, tls=roots)
        await trusting.call("list")
        await trusting.close()
        suspicious = Both(channel_kind, target, tls=True)
        with pytest.raises(mailboxes.Unavailable):
            await suspicious.call("save", label="Work", host="imap.test", user="ann")
        await suspicious.close()
    assert len(script.received) == 1


@pytest.mark.parametrize(
    ("target", "tls", "encrypted"),
    [
        ("localhost:50051", None, False),
        ("127.0.0.1:50051", None, False),
        ("[::1]:50051", None, False),
        ("dns:///localhost:50051", None, False),
        ("unix:/run/mailbox.sock", None, False),
        ("mailboxes.internal:50051", None, True),
        ("10.0.0.7:50051", None, True),
        ("localhost.evil.test:50051", None, True),
        ("dns:///mailboxes.internal:50051", None, True),
        ("mailboxes", None, True),
        ("mailboxes.internal:50051", False, False),
        ("localhost:50051", True, True),
    ],
)
def test_tokens_leave_this_machine_encrypted_unless_told_otherwise(
    target: str, *, tls: bool | None, encrypted: bool
) -> None:
    assert (mailboxes._calls.credentials(target, tls) is not None) == encrypted
