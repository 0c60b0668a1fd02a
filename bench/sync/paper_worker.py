"""A worker whose mailboxes are always quiet, and on no server: all of background sync but the mail.

    paper_worker.py DATABASE_URL KEYRING_FILE [DIRECT_DATABASE_URL]

Prints a line when it works, and runs until it is terminated.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import uvloop

from mailbox_svc.app.clock import database_clock
from mailbox_svc.harvest.limits import HarvestLimits
from mailbox_svc.harvest.login import RunParts
from mailbox_svc.harvest.runs import HarvestRuns
from mailbox_svc.mailboxes.credentials import Credentials, StoredLogin
from mailbox_svc.model.check import Credential, Password
from mailbox_svc.model.mailbox import Destination, Mailbox
from mailbox_svc.model.secret import Secret
from mailbox_svc.oauth.parts import oauth_parts
from mailbox_svc.oauth_http import HttpProviderEndpoints
from mailbox_svc.ports.mail import FolderGone, HeaderSink, MailFolder, OpenFolder
from mailbox_svc.queue import JobQueue
from mailbox_svc.storage.store import open_store
from mailbox_svc.sync.engine import SyncEngine
from mailbox_svc.sync.limits import SyncLimits
from mailbox_svc.vault import Keyring, Vault

LIMITS = SyncLimits(runs=100, per_host=10**6, batch=1000, tick=0.3)


async def main(url: str, keyring: str, direct_url: str | None = None) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    vault = Vault(Keyring.load(Path(keyring)))
    store = await open_store(url, pool_size=20, direct_url=direct_url)
    async with (
        aclosing(HttpProviderEndpoints()) as endpoints,
        database_clock(store) as clock,
        oauth_parts(store, vault, endpoints, (), clock=clock) as oauth,
    ):
        background = store.in_background()
        credentials = _NoPasswords(background, vault, oauth.tokens)
        parts = RunParts(background, credentials, _Quiet(), clock, HarvestLimits())
        engine = SyncEngine(parts, HarvestRuns(parts), JobQueue(store.queue_connection), LIMITS)
        await engine.start()
        print("working", flush=True)
        await stop.wait()
        await engine.stop()
    await store.close()


class _NoPasswords(Credentials):
    """Goes by what a run has read, and opens no secret: to make a million of them would take minutes."""

    async def of(
        self,
        user_id: str,
        mailbox_id: str,
        *,
        refused: Credential | None = None,
        stored: StoredLogin | None = None,
    ) -> tuple[Mailbox, Credential]:
        if stored is None:
            return await super().of(user_id, mailbox_id, refused=refused)
        return stored.mailbox, Password(Secret(""))


class _Quiet:
    """Satisfies `ports.mail.MailSource` and `MailReader`: an account without folders."""

    @asynccontextmanager
    async def open(
        self,
        _destination: Destination,
        _credential: Credential,
        *,
        timeout: float,  # noqa: ARG002
    ) -> AsyncIterator[_Quiet]:
        yield self

    async def folders(self) -> Sequence[MailFolder]:
        return ()

    async def examine(self, raw_name: bytes) -> OpenFolder:  # noqa: ARG002  (there are none)
        raise FolderGone

    async def read(
        self,
        after_uid: int,  # noqa: ARG002  (as above)
        sink: HeaderSink,  # noqa: ARG002
        *,
        fields: Sequence[str] = (),  # noqa: ARG002
    ) -> None:
        raise FolderGone


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
