"""The story of `mailbox-svc demo`: a real client talks to a real service about a real IMAP server."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from mailbox_svc.demo.contact_story import View, tell_contacts
from mailbox_svc.demo.server import DemoServer
from mailbox_svc.demo.sync_story import tell_sync
from mailbox_svc.demo.teller import Teller
from mailboxes import AsyncClient, PasswordRequired
from mailboxes.v1.connection_test_pb2 import Check, TestCode, TestStage
from mailboxes.v1.mailbox_pb2 import Mailbox, MailboxStatus
from mailboxes.v1.mailbox_service_pb2 import TestResponse

#: Like the real one, it can be looked for in logs and databases.
_WRONG = "CANARY-wrong"
_TRY_NEXT = """\
  make run     serve on this machine; prints a token and a ready grpcurl line
  README.md    the commands, the Python client, the settings, the security model
  docs/        architecture, decisions, every error and what to do about it"""


async def tell(
    address: str, token: str, imap: DemoServer, console: Console, view: Callable[[], View]
) -> None:
    """Save, test, list, harvest and delete a mailbox on the service at `address`, saying what happens."""
    teller = Teller(console)
    teller.title("mailbox-svc demo")
    teller.fact(f"A new service answers gRPC on {address}; its database is SQLite.")
    teller.fact(f"A new IMAP server on {imap.host}:{imap.port} holds {imap.messages} made-up messages.")
    async with AsyncClient(address, token=token) as client:
        saved = await _save(teller, client, imap)
        await _good_test(teller, client, saved)
        await _wrong_password(teller, client, imap)
        await _other_destination(teller, client, saved)
        await _list(teller, client)
        await tell_contacts(teller, client, saved, view)
        await tell_sync(teller, client, saved)
        await _delete(teller, client, saved)
    teller.end(_TRY_NEXT)


async def fill(address: str, token: str, imap: DemoServer) -> None:
    """Leave the service with all that a page can show: a mailbox, its contacts, two groups, a schedule."""
    async with AsyncClient(address, token=token) as client:
        saved = await client.save(
            label="Alice", host=imap.host, port=imap.port, tls=True, user=imap.user, password=imap.password
        )
        await client.test(saved.id)
        async for _ in client.harvest(saved.id):
            pass
        await client.import_contacts(group="Close friends", min_rank=50)
        await client.import_contacts(group="Suppliers", kinds=["role"])
        await client.set_schedule(saved.id, enabled=True)


async def _save(teller: Teller, client: AsyncClient, imap: DemoServer) -> Mailbox:
    teller.step("Save", f"{imap.user} with its password")
    saved = await client.save(
        label="Alice", host=imap.host, port=imap.port, tls=True, user=imap.user, password=imap.password
    )
    teller.good(f"stored as {saved.id}")
    teller.note("the password is encrypted; no call ever returns it")
    return saved


async def _good_test(teller: Teller, client: AsyncClient, saved: Mailbox) -> None:
    teller.step("Test", "the saved mailbox: one real connection")
    answer = await client.test(saved.id)
    _outcome(teller, answer)
    teller.note(" → ".join(f"{_stage(check.stage)} {_milliseconds(check)} ms" for check in answer.checks))


async def _wrong_password(teller: Teller, client: AsyncClient, imap: DemoServer) -> None:
    teller.step("Test", "a draft with a wrong password; nothing is stored")
    answer = await client.test_draft(
        host=imap.host, port=imap.port, tls=True, user=imap.user, password=_WRONG
    )
    _outcome(teller, answer)
    teller.note(
        f"code {TestCode.Name(answer.code).removeprefix('TEST_CODE_')}, "
        f"stage {_stage(answer.stage)}, wrong fields: {', '.join(answer.wrong_fields)}"
    )
    if answer.HasField("remedy"):
        teller.note(f"remedy: {answer.remedy.text} {answer.remedy.url}".rstrip())


async def _other_destination(teller: Teller, client: AsyncClient, saved: Mailbox) -> None:
    teller.step("Save", "the same mailbox with another host, without its password")
    try:
        await client.save(
            id=saved.id, label=saved.label, host="imap.evil.example", port=993, tls=True, user=saved.user
        )
    except PasswordRequired as error:
        teller.bad(f"refused: {error.message}")
        teller.note("a stored password goes only where it was meant to go")


async def _list(teller: Teller, client: AsyncClient) -> None:
    teller.step("List", "what is there, never a password")
    table = Table("label", "server", "user", "status", "has_password")
    for one in await client.list():
        status = MailboxStatus.Name(one.status).removeprefix("MAILBOX_STATUS_").lower()
        table.add_row(one.label, f"{one.host}:{one.port}", one.user, status, str(one.has_password).lower())
    teller.show(table)


async def _delete(teller: Teller, client: AsyncClient, saved: Mailbox) -> None:
    teller.step("Delete", "the mailbox and its password")
    await client.delete(saved.id)
    teller.good(f"gone; {len(await client.list())} mailboxes are left")


def _outcome(teller: Teller, answer: TestResponse) -> None:
    if answer.ok:
        teller.good("logged in and listed the folders")
    else:
        teller.bad(answer.error)


def _milliseconds(check: Check) -> str:
    return f"{check.took.ToTimedelta().total_seconds() * 1000:.0f}"


def _stage(stage: TestStage.ValueType) -> str:
    return TestStage.Name(stage).removeprefix("TEST_STAGE_").lower()
