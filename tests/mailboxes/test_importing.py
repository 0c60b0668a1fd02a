"""Moving in from JSON, on a real database."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailbox_svc.mailboxes.credentials import password_context
from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.mailboxes.importing import ImportResult, import_mailboxes
from mailbox_svc.model.mailbox import Status
from mailbox_svc.model.secret import Secret, SecretField
from support.parts import Parts, parts

ID = "0b6e3c1a-8f53-4e57-9e0e-0b1a2c3d4e5f"
ROW: dict[str, Any] = {
    "id": ID,
    "label": "Work",
    "host": "imap.example.org",
    "port": 993,
    "tls": True,
    "user": "ann@example.org",
    "password": "CANARY-import",
    "status": "error",
    "lastTestedAt": "2026-11-01T12:30:00.000Z",
    "lastError": "Invalid credentials",
}


async def run(p: Parts, text: str) -> ImportResult:
    return await import_mailboxes(text, p.store, p.vault, clock=p.clock)


async def test_a_row_arrives_whole(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        assert await run(p, json.dumps({"ann": [ROW]})) == ImportResult(1, 0, ())
        (mailbox,) = await p.mailboxes.list("ann")
        assert mailbox.id == ID
        assert mailbox.status is Status.ERROR
        assert mailbox.last_tested_at == datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
        assert mailbox.last_error == "Invalid credentials"
        async with p.store.begin("ann") as tx:
            sealed = await tx.secrets.find(ID, SecretField.MAILBOX_PASSWORD)
        assert sealed is not None
        assert p.vault.open(sealed, password_context(mailbox)).reveal() == "CANARY-import"


async def test_the_optional_fields_may_be_missing_or_null(tmp_path: Path) -> None:
    plain = {name: ROW[name] for name in ("label", "host", "port", "tls", "user", "password")}
    nulls = {**plain, "id": "old-7", "status": None, "lastTestedAt": None, "lastError": None}
    async with parts(tmp_path) as p:
        assert await run(p, json.dumps({"ann": [plain, nulls]})) == ImportResult(2, 0, ())
        assert {m.status for m in await p.mailboxes.list("ann")} == {Status.PENDING}


async def test_importing_again_adds_nothing_and_undoes_no_later_change(tmp_path: Path) -> None:
    other = {**ROW, "id": "legacy-12", "label": "Old"}
    without_id = {**{k: v for k, v in ROW.items() if k != "id"}, "label": "None"}
    text = "\n".join(json.dumps({"ann": [row]}) for row in (ROW, other, without_id))
    async with parts(tmp_path) as p:
        assert await run(p, text) == ImportResult(3, 0, ())
        changed = Draft(
            id=ID,
            label="New name",
            host="imap.example.net",
            port=993,
            tls=True,
            user="ann",
            password=Secret("CANARY-2"),
        )
        await p.mailboxes.save("ann", changed)
        before = await p.mailboxes.list("ann")
        assert await run(p, text) == ImportResult(0, 3, ())
        assert await p.mailboxes.list("ann") == before


async def test_a_bad_row_is_reported_with_its_line_and_the_rest_goes_in(tmp_path: Path) -> None:
    bad: list[Any] = [
        {**ROW, "id": str(uuid.uuid4()), "host": "http://CANARY", "port": 0},
        {**ROW, "id": str(uuid.uuid4()), "password": None},
        {**ROW, "id": str(uuid.uuid4()), "tls": "yes"},
        {**ROW, "id": str(uuid.uuid4()), "status": "CANARY"},
        {**ROW, "id": str(uuid.uuid4()), "lastTestedAt": "CANARY"},
        {**ROW, "id": ["CANARY"]},
        {**ROW, "port": True},
        {**ROW, "port": 1e99},
        "CANARY",
        None,
    ]
    text = json.dumps({"ann": [*bad, ROW]}, indent=1)
    async with parts(tmp_path) as p:
        result = await run(p, text)
        assert result.added == 1
        assert len(result.bad) == len(bad)
        assert "CANARY" not in repr(result)
        lines = text.split("\n")
        assert [lines[b.line - 1].strip()[0] for b in result.bad] == ["{"] * 8 + ['"', "n"]
        assert "host" in result.bad[0].reason
        assert "port" in result.bad[0].reason


async def test_text_that_is_not_json_is_reported_and_the_rest_goes_in(tmp_path: Path) -> None:
    text = f'{json.dumps({"ann": [ROW]})}\n{{"bob": [}}\n{json.dumps({"cat": [{**ROW, "id": "c"}]})}\n'
    async with parts(tmp_path) as p:
        result = await run(p, text)
        assert (result.added, [b.line for b in result.bad]) == (2, [2])


async def test_an_id_of_another_user_is_a_bad_row(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        result = await run(p, json.dumps({"ann": [ROW], "bob": [ROW]}))
        assert (result.added, len(result.bad)) == (1, 1)
        assert await p.mailboxes.list("bob") == []


async def test_the_same_legacy_id_of_two_users_is_two_mailboxes(tmp_path: Path) -> None:
    row = {**ROW, "id": "1"}
    async with parts(tmp_path) as p:
        assert (await run(p, json.dumps({"ann": [row], "bob": [row]}))).added == 2


async def test_more_than_a_user_may_hold_are_reported(tmp_path: Path) -> None:
    rows = [{**ROW, "id": str(n)} for n in range(103)]
    async with parts(tmp_path) as p:
        result = await run(p, json.dumps({"ann": rows}))
        assert (result.added, len(result.bad)) == (100, 3)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2026-11-01T12:30:00+02:00", datetime(2026, 11, 1, 10, 30, tzinfo=UTC)),
        ("2026-11-01T12:30:00", datetime(2026, 11, 1, 12, 30, tzinfo=UTC)),
        (1793536200000, datetime(2026, 11, 1, 12, 30, tzinfo=UTC)),
        (1793536200, datetime(2026, 11, 1, 12, 30, tzinfo=UTC)),
    ],
)
async def test_times_are_read_in_the_ways_people_write_them(
    tmp_path: Path, given: object, stored: datetime
) -> None:
    async with parts(tmp_path) as p:
        await run(p, json.dumps({"ann": [{**ROW, "lastTestedAt": given}]}))
        (mailbox,) = await p.mailboxes.list("ann")
        assert mailbox.last_tested_at == stored


async def test_an_old_error_text_loses_what_could_harm_a_reader(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        await run(p, json.dumps({"ann": [{**ROW, "lastError": "a\x1b[31m\r\nb\u202ec" + "x" * 900}]}))
        (mailbox,) = await p.mailboxes.list("ann")
        assert mailbox.last_error.isprintable()
        assert len(mailbox.last_error) == 500
        assert replace(mailbox, last_error="").status is Status.ERROR
