"""The real parts that are measured, each in a process of its own, and what the scripts share.

Everything runs on loopback. Figures of one run compare with each other; those of two runs do not.
"""

from __future__ import annotations

import json
import resource
import secrets
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BENCH = Path(__file__).parent
sys.path.insert(0, str(BENCH.parent / "tests"))

from mailbox_svc.identity import mint_token  # noqa: E402
from mailbox_svc.model.secret import Secret  # noqa: E402
from mailbox_svc.vault import Keyring  # noqa: E402
from support.processes import free_port, listening, new_folder, running  # noqa: E402

#: Rates and limits that would otherwise be what is measured.
NO_LIMITS = {
    "MAILBOX_MAX_CALLS": "5000",
    "MAILBOX_MAX_TESTS": "5000",
    "MAILBOX_MAX_TESTS_PER_USER": "5000",
    "MAILBOX_TESTS_PER_USER_PER_MINUTE": "1000000",
    "MAILBOX_TESTS_PER_DESTINATION_PER_MINUTE": "1000000",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    value: str
    against: str
    #: What was measured divided by what it is held against; None where there is nothing to divide by.
    ratio: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A running `mailbox-svc serve`."""

    address: str
    pid: int
    secret: Secret
    #: Its SQLite database.
    database: Path

    def token(self, subject: str, *, role: str | None = None) -> str:
        """Return an HS256 token of this service."""
        return mint_token(self.secret, subject=subject, audience=None, lifetime=3600, role=role)


@contextmanager
def running_service(*program: str | Path, **settings: str) -> Iterator[Service]:
    """Run `mailbox-svc serve` on a new SQLite database with these settings and no limits.

    `program` stands in for `mailbox-svc` where it must be started in another way.
    """
    folder = new_folder("bench-service")
    secret = Secret(secrets.token_urlsafe(48))
    if "MAILBOX_JWT_JWKS_URL" not in settings:
        (folder / "jwt-secret").write_text(secret.reveal())
        settings["MAILBOX_JWT_SECRET_FILE"] = str(folder / "jwt-secret")
    database = folder / "mailbox.sqlite3"
    port = free_port()
    env = {
        **NO_LIMITS,
        "MAILBOX_DATABASE_URL": f"sqlite:///{database}",
        "MAILBOX_KEYRING_FILE": str(folder / "keyring.json"),
        "MAILBOX_GRPC_ADDR": f"127.0.0.1:{port}",
        "MAILBOX_REST_ADDR": "",
        "MAILBOX_SHUTDOWN_NOTICE": "0",
        "MAILBOX_SHUTDOWN_GRACE": "1",
        # A log line for each call is part of the service; writing it to a terminal would not be.
        **settings,
    }
    command = Path(sys.executable).parent / "mailbox-svc"
    Keyring.generate().save(folder / "keyring.json")
    ready = listening(port)
    with running([*(program or [command]), "serve"], log=folder / "log", ready=ready, env=env) as pid:
        yield Service(f"127.0.0.1:{port}", pid, secret, database)


@dataclass(frozen=True, slots=True)
class Script:
    """A running script of this folder that talks in JSON lines."""

    process: subprocess.Popen[str]
    #: The line it printed when it was ready.
    ready: dict[str, Any]

    def read_line(self) -> str:
        """Wait for its next line."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@contextmanager
def running_script(name: str, *arguments: str) -> Iterator[Script]:
    """Run a script of this folder for as long as the block runs."""
    with subprocess.Popen(
        [sys.executable, str(BENCH / name), *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield Script(process, json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def ask_script(name: str, question: Mapping[str, Any]) -> dict[str, Any]:
    """Run a script of this folder with a JSON question on its standard input; return its JSON answer."""
    done = subprocess.run(
        [sys.executable, str(BENCH / name)],
        input=json.dumps(question),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def median(values: list[float]) -> float:
    return statistics.median(values)


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median of the rounds' ratios; both lists are in the order of the rounds."""
    return median([one / other for one, other in zip(ours, theirs, strict=True)])


def allow_many_sockets() -> None:
    """Raise the limit of open files as far as it goes; child processes inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
