"""Both clients against the whole service, built as `serve` builds it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

import mailboxes
from mailbox_svc import app
from mailbox_svc.cli.dev import dev_settings
from mailbox_svc.cli.tokens import mint
from mailbox_svc.config import Settings
from support.scripted_service import Both

PASSWORD = "CANARY-mailbox-password"
FIELDS = {"label": "Work", "host": "127.0.0.1", "port": 1, "user": "ann", "password": PASSWORD}


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    return await asyncio.to_thread(dev_settings, tmp_path, grpc_addr="127.0.0.1:0")


@pytest.fixture
async def target(settings: Settings) -> AsyncIterator[str]:
    async with app.running_service(settings) as service:
        yield f"localhost:{service.port}"


@pytest.fixture(params=["sync", "async"])
async def client(request: pytest.FixtureRequest, settings: Settings, target: str) -> AsyncIterator[Both]:
    token = mint(settings, subject="ann", lifetime=60, service=False)
    client = Both(request.param, target, token)
    yield client
    await client.close()


async def test_a_mailbox_is_saved_listed_tested_and_deleted(client: Both) -> None:
    saved = await client.call("save", **FIELDS)
    assert (saved.has_password, saved.status) == (True, mailboxes.MailboxStatus.MAILBOX_STATUS_PENDING)
    result = await client.call("test", saved.id)
    assert (result.ok, result.code) == (False, mailboxes.TestCode.TEST_CODE_CONNECT_FAILED)
    assert result.error
    [listed] = await client.call("list")
    assert (listed.id, listed.last_error) == (saved.id, result.error)
    await client.call("delete", saved.id)
    assert await client.call("list") == []


async def test_a_draft_is_tested_without_a_name_and_not_stored(client: Both) -> None:
    result = await client.call("test_draft", host="127.0.0.1", port=1, user="ann", password=PASSWORD)
    assert result.code == mailboxes.TestCode.TEST_CODE_CONNECT_FAILED
    assert await client.call("list") == []


async def test_every_bad_field_is_named_at_once(client: Both) -> None:
    bad = {"label": "", "host": "https://imap.test", "port": 70_000, "user": "", "password": PASSWORD}
    with pytest.raises(mailboxes.InvalidFields) as caught:
        await client.call("save", **bad)
    assert {"label", "host", "port", "user"} <= {*caught.value.field_violations}
    assert caught.value.request_id
    assert PASSWORD not in repr(caught.value)


async def test_another_destination_needs_the_password(client: Both) -> None:
    saved = await client.call("save", **FIELDS)
    with pytest.raises(mailboxes.PasswordRequired):
        await client.call("save", id=saved.id, label="Work", host="127.0.0.2", port=1, user="ann")
    [listed] = await client.call("list")
    assert listed == saved


async def test_an_old_etag_is_refused(client: Both) -> None:
    saved = await client.call("save", **FIELDS)
    await client.call("save", **FIELDS | {"label": "Home", "id": saved.id, "etag": saved.etag})
    with pytest.raises(mailboxes.StaleEtag):
        await client.call("save", **FIELDS | {"label": "Other", "id": saved.id, "etag": saved.etag})


async def test_a_save_under_an_own_id_may_be_repeated(client: Both) -> None:
    wish = str(uuid.uuid4())
    first = await client.call("save", id=wish, **FIELDS)
    again = await client.call("save", id=wish, **FIELDS)
    assert first.id == again.id == wish
    assert len(await client.call("list")) == 1


async def test_an_unknown_mailbox_is_not_found(client: Both) -> None:
    with pytest.raises(mailboxes.NotFound):
        await client.call("delete", str(uuid.uuid4()))
    with pytest.raises(mailboxes.NotFound):
        await client.call("test", str(uuid.uuid4()))


async def test_a_bad_token_is_refused(target: str) -> None:
    async with mailboxes.AsyncClient(target, "CANARY-not-a-token") as client:
        with pytest.raises(mailboxes.Unauthenticated) as caught:
            await client.list()
    assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")


async def test_an_expired_token_is_told_from_a_bad_one(settings: Settings, target: str) -> None:
    token = mint(settings, subject="ann", lifetime=-60, service=False)
    async with mailboxes.AsyncClient(target, token) as client:
        with pytest.raises(mailboxes.Unauthenticated) as caught:
            await client.list()
    assert caught.value.reason == "TOKEN_EXPIRED"


async def test_a_service_acts_for_the_user_it_names(settings: Settings, target: str, client: Both) -> None:
    await client.call("save", **FIELDS)
    token = mint(settings, subject="robot", lifetime=60, service=True)
    async with mailboxes.AsyncClient(target, token, user_id="ann") as robot:
        assert len(await robot.list()) == 1
    async with mailboxes.AsyncClient(target, token, user_id="bob") as robot:
        assert await robot.list() == []
    async with mailboxes.AsyncClient(target, token) as robot:
        with pytest.raises(mailboxes.InvalidFields) as caught:
            await robot.list()
    assert "x-user-id" in caught.value.field_violations
