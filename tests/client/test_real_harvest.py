"""Both clients against the whole service and a real mail server: from the first harvest to a file."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trustme

import mailboxes
from mailbox_svc import app
from mailbox_svc.cli.dev import dev_settings
from mailbox_svc.cli.tokens import mint
from mailbox_svc.config import Settings
from mailboxes.v1.harvest_pb2 import HarvestState
from support.dovecot import DovecotServer, running_dovecot
from support.letters import OWNER, PASSWORD, USERS, fill, letters, logged_in
from support.processes import free_port
from support.scripted_service import Both

DONE, CANCELLED = HarvestState.HARVEST_STATE_DONE, HarvestState.HARVEST_STATE_CANCELLED


@pytest.fixture(scope="module")
def dovecot() -> Iterator[DovecotServer]:
    with running_dovecot(USERS, trustme.CA()) as server:
        with logged_in(server) as client:
            fill(client, letters())
        yield server


@pytest.fixture
async def settings(tmp_path: Path, dovecot: DovecotServer) -> Settings:
    return await asyncio.to_thread(
        dev_settings, tmp_path, grpc_addr=f"127.0.0.1:{free_port()}", tls_ca_file=dovecot.ca_file
    )


@pytest.fixture(params=["sync", "async"])
async def client(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[Both]:
    client = Both(request.param, settings.grpc_addr, token_of(settings))
    yield client
    await client.close()


def token_of(settings: Settings) -> str:
    return mint(settings, subject="ann", lifetime=60, service=False)


async def saved(client: Both, port: int) -> str:
    mailbox: mailboxes.Mailbox = await client.call(
        "save", label="Work", host="localhost", port=port, user=OWNER, password=PASSWORD
    )
    return mailbox.id


async def test_from_a_mailbox_to_a_file(settings: Settings, client: Both, dovecot: DovecotServer) -> None:
    async with app.running_service(settings), asyncio.timeout(60):
        mailbox_id = await saved(client, dovecot.tls_port)
        with pytest.raises(mailboxes.NotFound) as caught:
            await client.call("latest_harvest", mailbox_id)
        assert caught.value.reason == "HARVEST_NOT_FOUND"
        looks = await client.all("harvest", mailbox_id)
        assert looks[-1].state == DONE
        assert looks[-1].progress.scanned == looks[-1].progress.total > 200
        assert await client.call("latest_harvest", mailbox_id) == looks[-1]
        assert await client.call("get_harvest", looks[-1].id) == looks[-1]
        [mailbox] = await client.call("list")
        assert mailbox.status == mailboxes.MailboxStatus.MAILBOX_STATUS_OK

        contacts = await client.all("list_contacts")
        assert [one.rank for one in contacts] == sorted((one.rank for one in contacts), reverse=True)
        page = await client.call("contacts_page", 5, kinds=["person"])
        assert (page.total_size, len(page.contacts)) == (len(contacts), 5)
        [mailing_list] = await client.all("list_skipped", reasons=["list"])
        assert mailing_list.address == "dev@lists.example.com"
        assert mailing_list.skipped_because == mailboxes.SkipReason.SKIP_REASON_LIST

        first = await client.call("update_contact", contacts[0].id, note="An old friend.")
        assert (await client.call("get_contact", first.id)).typed.note == "An old friend."
        await client.call("delete_contact", contacts[-1].id)
        tried = await client.call("import_contacts", group="Friends", min_rank=1, dry_run=True)
        done = await client.call("import_contacts", group="Friends", min_rank=1)
        assert (done.added, done.group.members) == (tried.added, tried.added)
        assert done.added > 0
        with pytest.raises(mailboxes.GroupNameTaken):
            await client.call("save_group", name="friends")
        [group] = await client.call("list_groups")
        assert group == done.group
        left = await client.call("remove_members", group.id, [first.id])
        assert left.members == done.added - 1
        text = b"".join(await client.all("export_contacts", "vcard_3", group_id=group.id))
        assert text.count(b"BEGIN:VCARD") == left.members
        renamed = await client.call("save_group", id=group.id, name="Büro", etag=left.etag)
        with pytest.raises(mailboxes.StaleEtag):
            await client.call("save_group", id=group.id, name="Other", etag=left.etag)
        await client.call("delete_group", renamed.id)
        assert await client.call("list_groups") == []


async def test_a_watch_outlives_a_restart_of_the_service(settings: Settings, client: Both) -> None:
    with socket.socket() as silent:  # takes connections, and never says a word
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        async with app.running_service(settings):
            mailbox_id = await saved(client, silent.getsockname()[1])
            harvest = await client.call("start_harvest", mailbox_id)
            watching = asyncio.ensure_future(client.all("watch_harvest", harvest.id))
            await asyncio.sleep(0.5)
        async with app.running_service(settings), asyncio.timeout(30):
            await asyncio.sleep(0.5)
            assert not watching.done()
            async with mailboxes.AsyncClient(settings.grpc_addr, token_of(settings)) as other:
                # It shares the watcher's connection, which after a refusal pauses before it tries again.
                while True:
                    try:
                        await other.cancel_harvest(harvest.id)
                        break
                    except mailboxes.Unavailable:
                        await asyncio.sleep(0.1)
            looks = await watching
        assert looks[-1].state == CANCELLED
        assert {look.id for look in looks} == {harvest.id}
