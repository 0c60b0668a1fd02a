"""The TypeScript client and the example for Node, against the running service."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from support.web_world import ADDRESS, PASSWORD, ROOT, WebWorld

CLIENTS = ROOT / "clients"


async def _run(*command: str, cwd: Path, **environment: str) -> str:
    """Run a program of Node to its end; return all that it said."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def test_the_client_s_own_tests_pass(world: WebWorld) -> None:
    told = {
        "gateway": world.url,
        "tokens": [world.token("ben"), world.token("cleo")],
        "mailbox": {
            "host": "localhost",
            "port": world.distance.port,
            "tls": True,
            "user": ADDRESS,
            "password": PASSWORD,
        },
    }
    output = await _run(
        str(CLIENTS / "node_modules/.bin/vitest"),
        "run",
        cwd=CLIENTS / "typescript",
        MAILBOXES_TEST_WORLD=json.dumps(told),
    )
    assert "passed" in output


async def test_the_example_for_node_saves_tests_and_harvests_over_grpc(world: WebWorld) -> None:
    output = await _run(
        "node",
        "examples/grpc.mjs",
        world.grpc,
        cwd=CLIENTS / "typescript",
        TOKEN=world.token(),
        IMAP_HOST="localhost",
        IMAP_PORT=str(world.distance.port),
        IMAP_USER=ADDRESS,
        IMAP_PASSWORD=PASSWORD,
    )
    assert "works\n" in output
    assert "HARVEST_STATE_DONE" in output
    assert "contacts\n" in output
    assert await world.client.list() == []
