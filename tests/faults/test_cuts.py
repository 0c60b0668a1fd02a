"""A connection cut anywhere: what was committed stays, the harvest goes on, and the sums are the same."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import FailureCode, HarvestState
from mailbox_svc.vault import Keyring
from support.delay_proxy import delaying
from support.dovecot import DovecotServer
from support.harvest_parts import Counted, counted, harvest_parts

#: What the server says in one undisturbed harvest, about, TLS included.
_WHOLE = 110_000


@pytest.mark.parametrize("seed", range(3))
async def test_a_connection_cut_again_and_again_changes_no_count(
    mailbox: DovecotServer, undisturbed: Counted, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    database = tmp_path / "cut.sqlite3"
    async with (
        delaying(mailbox.tls_port) as proxy,
        harvest_parts(database, Keyring.generate(), proxy.port, mailbox.ca_file) as parts,
    ):
        # Each place is a little further, so that each step of the dialogue has its cut.
        for cut in sorted(chance.sample(range(100, _WHOLE), 25)):
            proxy.cut_after = cut
            harvest = await parts.harvest()
            if harvest.failure is not None:
                assert harvest.failure.code is FailureCode.CONNECTION
                # Cut in the handshake, a server looks like one of another TLS mode.
                in_handshake = harvest.failure.connection_code is Code.TLS_FAILURE
                assert harvest.failure.retryable or in_handshake
        proxy.cut_after = None
        assert (await parts.harvest()).state is HarvestState.DONE
        assert proxy.connections > 25
    assert counted(database) == undisturbed


async def test_one_harvest_outlives_cuts_as_long_as_it_gets_on(
    mailbox: DovecotServer, undisturbed: Counted, tmp_path: Path
) -> None:
    database = tmp_path / "cut.sqlite3"
    async with (
        delaying(mailbox.tls_port, cut_after=40_000) as proxy,
        harvest_parts(database, Keyring.generate(), proxy.port, mailbox.ca_file) as parts,
    ):
        harvest = await parts.harvest()
        assert (harvest.state, proxy.connections > 2) == (HarvestState.DONE, True)
    assert counted(database) == undisturbed
