"""A throw-away PostgreSQL on loopback, started once in a test run, by root or by anyone."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support.processes import free_port, needs, new_folder

ADMIN = "postgres"
#: Owns the tables and migrates.
OWNER = "mailbox_owner"
#: What the service logs in as.
APP = "mailbox_app"

#: For tests: nothing has to outlive this machine, and the log shows every statement.
_FOR_TESTS = "-c fsync=off -c full_page_writes=off -c log_statement=all -c max_connections=100"

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class PostgresServer:
    port: int
    folder: Path
    programs: Path
    #: Options of `postgres`.
    options: str

    def url(self, role: str, database: str) -> str:
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, *, database: str = "postgres", role: str = ADMIN) -> str:
        """Run it with psql, rows and columns separated by line ends and `|`."""
        done = subprocess.run(
            [
                self.programs / "psql",
                "-XAtq",
                "-v",
                "ON_ERROR_STOP=1",
                self.url(role, database),
                "-c",
                statement,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    @contextmanager
    def database(self, *, template: str = "template0") -> Iterator[str]:
        """Make a database that belongs to OWNER, and drop it afterwards."""
        name = self.new_database(template=template)
        try:
            yield name
        finally:
            self.drop(name)

    def new_database(self, *, template: str) -> str:
        """Make a database that belongs to OWNER; return its name."""
        name = f"mailboxes_{next(_numbers)}"
        # the other way, through the write-ahead log, takes five times as long for so small a one
        strategy = "STRATEGY FILE_COPY" if int(self.programs.parent.name) >= 15 else ""
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER} {strategy}")
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is in it."""
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def control(self, *arguments: str) -> None:
        """Run pg_ctl, as the user that may not be root."""
        subprocess.run(
            [self.programs / "pg_ctl", "-D", self.folder / "data", "-w", *arguments],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            user=_user(),
            group=_user(),
        )

    def start(self) -> None:
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} "
            + self.options
        )
        self.control("start", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        self.control("stop", "-m", "immediate")


@cache
def server() -> PostgresServer:
    """Start it, the first time it is asked for; it stops when the test run ends."""
    return started(_FOR_TESTS)


def started(options: str) -> PostgresServer:
    """Start one with these options of `postgres`; it stops when this process ends."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    programs = found[-1] if found else Path("/usr/lib/postgresql/15/bin")
    needs(programs / "postgres")
    made = PostgresServer(free_port(), new_folder("postgres"), programs, options)
    if os.getuid() == 0:
        shutil.chown(made.folder, "postgres", "postgres")
    subprocess.run(
        [
            programs / "initdb",
            "-D",
            made.folder / "data",
            "-A",
            "trust",
            "-U",
            ADMIN,
            "-E",
            "UTF8",
            "--no-sync",
        ],
        check=True,
        cwd=made.folder,
        stdout=subprocess.DEVNULL,
        user=_user(),
        group=_user(),
    )
    made.start()
    atexit.register(made.stop)
    made.sql(f"CREATE ROLE {OWNER} LOGIN")
    made.sql(f"CREATE ROLE {APP} LOGIN")
    return made


def _user() -> str | None:
    """PostgreSQL does not run as root."""
    return "postgres" if os.getuid() == 0 else None
