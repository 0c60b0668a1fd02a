"""Alice, for the commands: a `serve --dev` that knows her sample mailbox on a real IMAP server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailboxes import Client
from support.command import Serving, Settings, mailbox_svc, on_a_terminal, serving
from support.processes import free_port

USER = "alice@example.test"
PASSWORD = "CANARY-alice"


@dataclass(frozen=True, slots=True)
class World:
    """A running service, its settings, and a token of its user."""

    service: Serving
    settings: Settings
    data_dir: Path
    target: str
    token: str
    #: Where the sample mailbox is, with implicit TLS.
    imap_port: int

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a newcomer does, beside `serve --dev`."""
        return mailbox_svc(*arguments, "--dev", "--data-dir", str(self.data_dir), settings=self.settings)

    def on_a_terminal(self, *arguments: str) -> tuple[str, int]:
        """Run it on a terminal of 80 columns without colours; return all that came out, and how it ended."""
        return on_a_terminal(*arguments, "--dev", "--data-dir", str(self.data_dir), settings=self.settings)

    def client(self) -> Client:
        return Client(self.target, self.token)

    def save(self, label: str, port: int, user: str = USER, password: str = PASSWORD) -> str:
        """Save a mailbox on this machine; return its id."""
        with self.client() as client:
            return client.save(label=label, host="127.0.0.1", port=port, user=user, password=password).id


@contextmanager
def alice_world(folder: Path) -> Iterator[World]:
    """Run a service and an IMAP server; the mailbox is saved as "Alice", and not yet harvested."""
    target = f"127.0.0.1:{free_port()}"
    with _sample_mailbox(folder) as port:
        settings: Settings = {"MAILBOX_GRPC_ADDR": target, "MAILBOX_TLS_CA_FILE": folder / "ca.pem"}
        with serving("--dev", cwd=folder, settings=settings) as service:
            token = service.find(r"TOKEN=(\S+)")
            world = World(service, settings, folder / "mailbox-data", target, token, port)
            world.save("Alice", port)
            yield world


@contextmanager
def _sample_mailbox(folder: Path) -> Iterator[int]:
    """Run the demo's IMAP server and yield its port; its authority is `ca.pem` in the folder."""
    command = [sys.executable, "-m", "mailbox_svc.demo.imap_process", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{PASSWORD}\n")
        process.stdin.flush()
        yield json.loads(process.stdout.readline())["port"]
        process.stdin.close()  # which ends it
