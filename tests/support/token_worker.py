"""A program: a worker that logs in to one mailbox by access token, as long as it is told to.

usage: once|until-told DATABASE_URL KEYRING_FILE ISSUER USER MAILBOX_ID

`once` asks for one token and writes "ok" or the reason why there is none. `until-told` asks all the time,
as many tasks at once, until its input ends, and writes how many different tokens it has got.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from pathlib import Path

from mailbox_svc.model.check import AccessToken
from mailbox_svc.oauth.parts import OAuthParts, oauth_parts
from mailbox_svc.oauth_http import HttpProviderEndpoints
from mailbox_svc.ports.mail import NoCredential
from mailbox_svc.vault import Keyring, Vault
from support.nursery import Program
from support.oidc import NOWHERE, OidcProvider
from support.parts import present
from support.stores import opened

_TASKS = 5


async def _once(oauth: OAuthParts, user: str, mailbox_id: str) -> str:
    try:
        await oauth.credentials.of(user, mailbox_id)
    except NoCredential as error:
        return error.report.code.value
    return "ok"


async def _until_told(oauth: OAuthParts, user: str, mailbox_id: str) -> str:
    seen: set[str] = set()
    told = asyncio.Event()
    asyncio.get_running_loop().add_reader(0, told.set)

    async def ask() -> None:
        while not told.is_set():
            _, credential = await oauth.credentials.of(user, mailbox_id)
            assert isinstance(credential, AccessToken)
            seen.add(credential.secret.reveal())
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as group:
        for _ in range(_TASKS):
            group.create_task(ask())
    return str(len(seen))


async def main(mode: str, url: str, keyring: str, issuer: str, user: str, mailbox_id: str) -> None:
    vault = Vault(Keyring.load(Path(keyring)))
    provider = OidcProvider(issuer, NOWHERE, 0).provider()
    async with (
        opened(url) as store,
        aclosing(HttpProviderEndpoints()) as endpoints,
        oauth_parts(store, vault, endpoints, [provider], clock=present) as oauth,
    ):
        os.write(1, b"ready\n")
        work = _once if mode == "once" else _until_told
        os.write(1, (await work(oauth, user, mailbox_id)).encode())


def started(mode: str, url: str, keyring: Path, issuer: str, user: str, mailbox_id: str) -> Program:
    """Run it in a process of its own, and return when it has begun."""
    process = Program(main, mode, url, keyring, issuer, user, mailbox_id)
    assert process.stdout.readline() == "ready\n"
    return process


def ended(process: Program) -> str:
    """Tell it to end, and return what it has written."""
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return said.strip()
