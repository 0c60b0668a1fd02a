"""The use cases on a real database, with real encryption and real connections."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailbox_svc.errors import (
    InvalidFields,
    MailboxNotFound,
    MailboxSvcError,
    PasswordRequired,
    RateLimited,
    SecretUnreadable,
    StaleMailbox,
    TooManyMailboxes,
)
from mailbox_svc.mailboxes.credentials import password_context
from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.mailboxes.limits import TestRates
from mailbox_svc.model.check import Code, Stage
from mailbox_svc.model.mailbox import Mailbox, Status
from mailbox_svc.model.secret import Secret, SecretField
from support.imap_server import Peer, running, server_context
from support.parts import GOOD_PASSWORD, Parts, honest_server, parts

ANN, BOB = "ann", "bob"
DRAFT = Draft(
    label="Work",
    host="imap.example.org",
    port=993,
    tls=True,
    user="ann@example.org",
    password=Secret("CANARY-first"),
)


async def stored_password(p: Parts, mailbox: Mailbox) -> str:
    async with p.store.begin(mailbox.user_id) as tx:
        sealed = await tx.secrets.find(mailbox.id, SecretField.MAILBOX_PASSWORD)
    assert sealed is not None
    return p.vault.open(sealed, password_context(mailbox)).reveal()


async def only(p: Parts, user: str = ANN) -> Mailbox:
    (mailbox,) = await p.mailboxes.list(user)
    return mailbox


def local(port: int, password: str = GOOD_PASSWORD) -> Draft:
    return replace(DRAFT, host="localhost", port=port, password=Secret(password))


async def test_a_saved_mailbox_is_listed_as_it_was_returned(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        saved = await p.mailboxes.save(ANN, DRAFT)
        assert await p.mailboxes.list(ANN) == [saved]
        assert saved.has_password
        assert saved.status is Status.PENDING
        assert await stored_password(p, saved) == "CANARY-first"


async def test_a_client_that_names_the_id_may_repeat_the_call(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        draft = replace(DRAFT, id=str(uuid.uuid4()))
        assert (await p.mailboxes.save(ANN, draft)).id == draft.id
        assert (await p.mailboxes.save(ANN, draft)).id == draft.id
        assert len(await p.mailboxes.list(ANN)) == 1


async def test_a_new_label_keeps_the_password_and_the_status(tmp_path: Path) -> None:
    async with running(honest_server, tls=server_context()) as imap, parts(tmp_path, imap.port) as p:
        saved = await p.mailboxes.save(ANN, local(imap.port))
        await p.mailboxes.test_saved(ANN, saved.id, timeout=5)
        tested = await only(p)
        renamed = await p.mailboxes.save(
            ANN, replace(local(imap.port), id=saved.id, label="Home", password=None)
        )
        assert renamed == replace(tested, label="Home", etag=renamed.etag, updated_at=renamed.updated_at)
        assert renamed.etag != saved.etag
        assert await stored_password(p, renamed) == GOOD_PASSWORD


async def test_saving_what_is_already_stored_changes_nothing(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        saved = await p.mailboxes.save(ANN, DRAFT)
        assert await p.mailboxes.save(ANN, replace(DRAFT, id=saved.id, password=None)) == saved


async def test_a_new_password_starts_a_new_life(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        saved = await p.mailboxes.save(ANN, DRAFT)
        changed = await p.mailboxes.save(ANN, replace(DRAFT, id=saved.id, password=Secret("CANARY-second")))
        assert changed.secret_version == saved.secret_version + 1
        assert changed.created_at == saved.created_at
        assert await stored_password(p, changed) == "CANARY-second"


@pytest.mark.parametrize("change", [{"host": "evil.example"}, {"port": 143}, {"tls": False}, {"user": "eve"}])
async def test_another_destination_needs_the_password_again(tmp_path: Path, change: dict[str, Any]) -> None:
    async with parts(tmp_path) as p:
        saved = await p.mailboxes.save(ANN, DRAFT)
        moved = replace(DRAFT, id=saved.id, password=None, **change)
        with pytest.raises(PasswordRequired):
            await p.mailboxes.save(ANN, moved)
        with pytest.raises(PasswordRequired):
            await p.mailboxes.test_draft(ANN, moved, timeout=1)
        assert await only(p) == saved
        await p.mailboxes.save(ANN, replace(moved, password=Secret("CANARY-again")))


async def test_typing_the_same_host_otherwise_is_no_other_destination(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        saved = await p.mailboxes.save(ANN, DRAFT)
        same = replace(DRAFT, id=saved.id, host="IMAP.Example.Org.", password=None, label="x")
        assert (await p.mailboxes.save(ANN, same)).destination == saved.destination


async def test_an_old_etag_is_refused_and_the_right_one_taken(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        saved = await p.mailboxes.save(ANN, DRAFT)
        update = replace(DRAFT, id=saved.id, label="Mine", etag=saved.etag)
        mine = await p.mailboxes.save(ANN, update)
        with pytest.raises(StaleMailbox):
            await p.mailboxes.save(ANN, replace(update, label="Too late"))
        assert await only(p) == mine


async def test_of_two_saves_with_one_etag_exactly_one_wins(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        saved = await p.mailboxes.save(ANN, DRAFT)
        updates = [replace(DRAFT, id=saved.id, label=f"w{n}", etag=saved.etag) for n in range(8)]
        results = await asyncio.gather(
            *(p.mailboxes.save(ANN, update) for update in updates), return_exceptions=True
        )
        winners = [r for r in results if isinstance(r, Mailbox)]
        assert len(winners) == 1
        assert [type(r) for r in results if r not in winners] == [StaleMailbox] * 7
        assert await only(p) == winners[0]


async def test_the_hundredth_mailbox_is_taken_and_the_next_refused(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        for n in range(99):
            await p.mailboxes.save(ANN, replace(DRAFT, label=str(n)))
        results = await asyncio.gather(
            *(p.mailboxes.save(ANN, DRAFT) for _ in range(4)), return_exceptions=True
        )
        assert sum(isinstance(r, Mailbox) for r in results) == 1
        assert sum(isinstance(r, TooManyMailboxes) for r in results) == 3
        assert len(await p.mailboxes.list(ANN)) == 100
        await p.mailboxes.save(BOB, DRAFT)


@pytest.mark.parametrize(
    ("draft", "error"),
    [
        (replace(DRAFT, password=None), InvalidFields),
        (replace(DRAFT, port=0), InvalidFields),
        (replace(DRAFT, id=str(uuid.uuid4()), password=None), MailboxNotFound),
        (replace(DRAFT, id=str(uuid.uuid4()), etag="gone"), MailboxNotFound),
    ],
)
async def test_a_refused_save_leaves_nothing_behind(
    tmp_path: Path, draft: Draft, error: type[MailboxSvcError]
) -> None:
    async with parts(tmp_path) as p:
        with pytest.raises(error):
            await p.mailboxes.save(ANN, draft)
        assert await p.mailboxes.list(ANN) == []


async def test_another_users_mailbox_does_not_exist_in_the_same_words(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        saved = await p.mailboxes.save(ANN, DRAFT)
        unknown = str(uuid.uuid4())
        for call in (
            lambda i: p.mailboxes.save(BOB, replace(DRAFT, id=i, password=None)),
            lambda i: p.mailboxes.delete(BOB, i),
            lambda i: p.mailboxes.test_saved(BOB, i, timeout=1),
            lambda i: p.mailboxes.test_draft(BOB, replace(DRAFT, id=i, password=None), timeout=1),
        ):
            with pytest.raises(MailboxNotFound) as theirs:
                await call(saved.id)
            with pytest.raises(MailboxNotFound) as none:
                await call(unknown)
            assert theirs.value.message == none.value.message
        with pytest.raises(MailboxNotFound):
            await p.mailboxes.save(BOB, replace(DRAFT, id=saved.id))
        assert await only(p) == saved
        assert await p.mailboxes.list(BOB) == []


async def test_delete_takes_the_mailbox_and_its_secret(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        saved = await p.mailboxes.save(ANN, DRAFT)
        await p.mailboxes.delete(ANN, saved.id.upper())
        assert await p.mailboxes.list(ANN) == []
        assert await p.store.key_usage() == {}
        with pytest.raises(MailboxNotFound):
            await p.mailboxes.delete(ANN, saved.id)


async def test_ids_that_cannot_be_are_not_found_and_none_is_a_wrong_field(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        with pytest.raises(MailboxNotFound):
            await p.mailboxes.delete(ANN, "not-a-uuid")
        with pytest.raises(InvalidFields):
            await p.mailboxes.delete(ANN, "")


async def test_a_test_records_its_outcome_and_nothing_else(tmp_path: Path) -> None:
    async with running(honest_server, tls=server_context()) as imap, parts(tmp_path, imap.port) as p:
        saved = await p.mailboxes.save(ANN, local(imap.port))
        report = await p.mailboxes.test_saved(ANN, saved.id, timeout=5)
        assert report.code is Code.OK
        tested = await only(p)
        assert tested.last_tested_at is not None
        assert tested == replace(saved, status=Status.OK, last_tested_at=tested.last_tested_at)

        wrong = await p.mailboxes.save(ANN, replace(local(imap.port, "CANARY-wrong"), id=saved.id))
        report = await p.mailboxes.test_saved(ANN, saved.id, timeout=5)
        assert (report.code, report.stage) == (Code.AUTH_INVALID_CREDENTIALS, Stage.AUTH)
        failed = await only(p)
        assert failed == replace(
            wrong,
            status=Status.ERROR,
            last_tested_at=failed.last_tested_at,
            last_error=report.error,
            last_remedy=report.remedy,
        )
        assert report.remedy is not None
        assert "CANARY" not in failed.last_error

        again = await p.mailboxes.save(ANN, replace(local(imap.port, "CANARY-other"), id=saved.id))
        assert (again.last_error, again.last_remedy) == ("", None)


async def test_a_draft_is_tested_and_not_stored(tmp_path: Path) -> None:
    async with running(honest_server, tls=server_context()) as imap, parts(tmp_path, imap.port) as p:
        report = await p.mailboxes.test_draft(ANN, replace(local(imap.port), label=""), timeout=5)
        assert report.code is Code.OK
        assert await p.mailboxes.list(ANN) == []


async def test_a_draft_of_a_saved_mailbox_may_use_the_stored_password(tmp_path: Path) -> None:
    async with running(honest_server, tls=server_context()) as imap, parts(tmp_path, imap.port) as p:
        saved = await p.mailboxes.save(ANN, local(imap.port))
        draft = replace(local(imap.port), id=saved.id, password=None)
        assert (await p.mailboxes.test_draft(ANN, draft, timeout=5)).ok
        assert await only(p) == saved


async def test_two_tests_of_one_mailbox_at_once_share_one_connection(tmp_path: Path) -> None:
    async def slow(peer: Peer) -> None:
        await asyncio.sleep(0.3)
        await honest_server(peer)

    async with running(slow, tls=server_context()) as imap, parts(tmp_path, imap.port) as p:
        saved = await p.mailboxes.save(ANN, local(imap.port))
        reports = await asyncio.gather(*(p.mailboxes.test_saved(ANN, saved.id, timeout=5) for _ in range(5)))
        assert {r.code for r in reports} == {Code.OK}
        assert imap.connections == 1


async def test_a_test_that_ends_after_a_new_save_does_not_overwrite_its_status(tmp_path: Path) -> None:
    at_login, go_on = asyncio.Event(), asyncio.Event()

    async def held(peer: Peer) -> None:
        at_login.set()
        await go_on.wait()
        await honest_server(peer)

    async with running(held, tls=server_context()) as imap, parts(tmp_path, imap.port) as p:
        saved = await p.mailboxes.save(ANN, local(imap.port, "CANARY-wrong"))
        test = asyncio.create_task(p.mailboxes.test_saved(ANN, saved.id, timeout=5))
        await at_login.wait()
        mended = await p.mailboxes.save(ANN, replace(local(imap.port), id=saved.id))
        go_on.set()
        assert (await test).code is Code.AUTH_INVALID_CREDENTIALS
        assert await only(p) == mended


async def test_tests_are_limited_per_user_and_per_destination(tmp_path: Path) -> None:
    rates = TestRates(per_user_per_minute=3, per_destination_per_minute=4)
    async with (
        running(honest_server, tls=server_context()) as imap,
        parts(tmp_path, imap.port, rates=rates) as p,
    ):
        for _ in range(3):
            await p.mailboxes.test_draft(ANN, local(imap.port), timeout=5)
        with pytest.raises(RateLimited, match="this user") as refused:
            await p.mailboxes.test_draft(ANN, local(imap.port), timeout=5)
        assert 0 < refused.value.retry_after <= 20
        await p.mailboxes.test_draft(BOB, local(imap.port), timeout=5)
        with pytest.raises(RateLimited, match="this server"):
            await p.mailboxes.test_draft(BOB, local(imap.port), timeout=5)
        assert imap.connections == 4


async def test_a_secret_moved_to_another_destination_in_the_database_does_not_open(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        saved = await p.mailboxes.save(ANN, DRAFT)
        evil = replace(saved, destination=replace(saved.destination, host="evil.example"))
        async with p.store.begin(ANN) as tx:
            await tx.mailboxes.update(evil)
        with pytest.raises(SecretUnreadable):
            await p.mailboxes.test_saved(ANN, saved.id, timeout=1)
