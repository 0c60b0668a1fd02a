"""`mailbox-svc` in a process of its own, with the times of background sync so short that tests need not wait.

The service has no settings for these, and must not get any for the sake of tests. What can be changed:

- heartbeat: seconds after which the jobs of a process that is silent are run by another
- lost_after: seconds after which a run that was claimed counts as lost
- lease: seconds that a harvest belongs to its process after its last sign of life
- ahead: seconds that this machine's clock is ahead of the database's
- deadly: the login name of the account that ends this process at once, by SIGKILL
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from mailbox_svc import cli, queue
from mailbox_svc.app import clock, work
from mailbox_svc.imap.reader import ImapReader
from mailbox_svc.imap.source import ImapMailSource
from mailbox_svc.model.check import Credential
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.sync import run, times
from support.command import environment
from support.harvest_parts import SMALL
from support.nursery import born
from support.sync_parts import QUICK

#: Of all short times together: dead workers are noticed in three seconds.
SHORT: dict[str, Any] = {"heartbeat": 3, "lost_after": 10, "lease": 3}


@dataclass(slots=True)
class Worker:
    """A process of its own, and what it has to know."""

    url: str
    keyring: Path
    port: int
    ca_file: Path
    log: Path
    changes: dict[str, Any] = field(default_factory=dict)

    def started(self, *arguments: str, **settings: object) -> BaseProcess:
        """Start `mailbox-svc worker`, or what else the arguments say."""
        known = {
            "MAILBOX_DATABASE_URL": self.url,
            "MAILBOX_KEYRING_FILE": self.keyring,
            "MAILBOX_EGRESS_ALLOW": "127.0.0.0/8",
            "MAILBOX_EGRESS_PORTS": self.port,
            "MAILBOX_TLS_CA_FILE": self.ca_file,
            "MAILBOX_MAX_SYNCS": 8,
        }
        return born(
            _run,
            {**SHORT, **self.changes},
            ["mailbox-svc", *(arguments or ["worker"])],
            environment({**known, **settings}),
            self.log,
        )


def _run(changes: dict[str, Any], command: list[str], env: Mapping[str, str], log: Path) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = command
    _change(changes)
    cli.main()


def _change(changes: dict[str, Any]) -> None:
    limits = replace(QUICK, tick=0.2, lost_after=changes["lost_after"])
    vars(queue).update(_HEARTBEAT=timedelta(seconds=changes["heartbeat"]))
    vars(work).update(
        sync_limits=lambda settings: replace(limits, runs=settings.max_syncs),
        harvest_limits=lambda _settings: replace(SMALL, lease=changes["lease"]),
    )
    # What waits for a while, as others may be at it.
    vars(run).update(_LOOK_AGAIN=timedelta(seconds=2))
    vars(times).update(MIN_BACKOFF=timedelta(seconds=1))
    if "ahead" in changes:
        vars(clock).update(now=lambda: datetime.now(UTC) + timedelta(seconds=changes["ahead"]))
    if "deadly" in changes:
        _die_at(changes["deadly"])


def _die_at(user: str) -> None:
    harmless = ImapMailSource.open

    def open_(
        self: ImapMailSource, destination: Destination, credential: Credential, *, timeout: float
    ) -> AbstractAsyncContextManager[ImapReader]:
        if destination.user == user:
            os.kill(os.getpid(), signal.SIGKILL)
        return harmless(self, destination, credential, timeout=timeout)

    ImapMailSource.open = open_  # type: ignore[assignment,method-assign]
