"""What a harvest leaves in the log when it fails by a defect of ours."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import trustme

from mailbox_svc.model.harvest import FailureCode, HarvestState
from mailbox_svc.vault import Keyring
from support.evidence import harvest_of
from support.harvest_parts import USER, harvest_parts
from support.logs import lines_of, logs_as_in_production
from support.processes import free_port


def damage_the_mailbox(database: Path) -> None:
    """Write a status that no release of ours knows: nothing that reads the row expects that."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE mailboxes SET status = 'odd'")


async def test_the_id_of_a_harvest_that_failed_by_a_defect_finds_it_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ca_file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(ca_file))
    with logs_as_in_production():
        async with harvest_parts(
            tmp_path / "mailboxes.sqlite3", Keyring.generate(), free_port(), ca_file
        ) as parts:
            [mailbox] = await parts.store.list_mailboxes(USER)
            damage_the_mailbox(parts.database)
            queued = harvest_of(mailbox)
            async with parts.store.begin(USER) as tx:  # past the use case, which would find the damage itself
                await tx.harvests.insert(queued)
            ended = [harvest async for harvest in parts.harvests.watch(USER, queued.id)][-1]
    assert (ended.state, ended.failure and ended.failure.code) == (HarvestState.FAILED, FailureCode.INTERNAL)
    [line] = lines_of(capsys, "mailbox_svc.harvest")
    assert (line["event"], line["harvest_id"]) == ("unexpected error in a harvest", queued.id)
    assert line["error_type"] == "ValueError"
    assert any("mailbox_rows" in place for place in line["stack"])
