"""schemathesis holds what the whole stack answers against the document, with all its checks."""

from __future__ import annotations

import asyncio
import json
import tomllib
from pathlib import Path

import pytest

from mailbox_svc.cli.tokens import mint
from support.command import BIN
from support.dovecot import DovecotServer
from support.rest_world import USER, RestWorld, rest_world

EXCEPTIONS = Path(__file__).parent / "schemathesis.toml"
OTHER = "bob"


def configuration(world: RestWorld, folder: Path) -> Path:
    """Write what says how to be each of two users, and that neither may see what is the other's."""
    users = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}
        for name, token in (
            (USER, world.token),
            (OTHER, mint(world.settings, subject=OTHER, lifetime=3600, service=False)),
        )
    ]
    (folder / "users.json").write_text(json.dumps({"auth": users}))
    whole = folder / "schemathesis.toml"
    peers = f'[auth.wfc]\npath = "{folder}/users.json"\nuser = "{USER}"\npeers = ["{USER}", "{OTHER}"]\n'
    whole.write_text(f"{EXCEPTIONS.read_text()}\n{peers}")
    return whole


@pytest.mark.timeout(3600)
async def test_every_answer_is_as_documented(dovecot: DovecotServer, tmp_path: Path, examples: int) -> None:
    unlimited = {"tests_per_user_per_minute": 1_000_000, "tests_per_destination_per_minute": 1_000_000}
    async with rest_world(tmp_path, dovecot, **unlimited) as world:
        await world.harvest((await world.save())["id"])
        program = await asyncio.create_subprocess_exec(
            *(BIN / "schemathesis", "--config-file", configuration(world, tmp_path)),
            *("run", f"{world.url}/openapi.json", "--no-color", "--output-truncate", "false"),
            *("--seed", "1", "--workers", "2", "--max-examples", str(examples)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
        )
        said, _ = await program.communicate()
    assert program.returncode == 0, said.decode()


def test_no_check_is_switched_off() -> None:
    exceptions = tomllib.loads(EXCEPTIONS.read_text())
    checks = [exceptions["checks"], *(one["checks"] for one in exceptions["operations"])]
    assert {name for one in checks for check in one.values() for name in check} == {"expected-statuses"}
