"""`mailbox-svc worker` as processes of their own, and what one round of syncs costs them and others."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from support.postgres import PostgresServer
from support.processes import free_port, listening, new_folder, running
from sync.world import Sql, World

_PATIENCE = 600.0
_BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Costs:
    """What has been spent until now, or between two moments. Seconds of CPU, bytes, and counts."""

    workers: float
    database: float
    mail_server: float
    commits: int
    statements: int
    rows_written: int
    wal_bytes: int
    logins: int

    def __sub__(self, before: Costs) -> Costs:
        names = self.__dataclass_fields__
        return replace(self, **{name: getattr(self, name) - getattr(before, name) for name in names})


@dataclass(frozen=True, slots=True)
class Round:
    """All mailboxes synced once."""

    mailboxes: int
    seconds: float
    costs: Costs

    @property
    def rate(self) -> float:
        """Mailboxes a second."""
        return self.mailboxes / self.seconds

    @property
    def per_core(self) -> float:
        """Mailboxes a second of a worker's CPU."""
        return self.mailboxes / self.costs.workers


@dataclass(frozen=True, slots=True)
class Bench:
    """A world with workers on it."""

    world: World
    pids: Sequence[int]
    #: Of the mail server: its process, and its log where it writes logins down.
    mail_pid: int
    mail_log: Path | None

    def run_all(self, sql: Sql) -> Round:
        """Make every mailbox due, and wait until each has been synced."""
        mailboxes = sql.value("SELECT count(*) FROM schedules")
        sql.rows("VACUUM ANALYZE schedules")
        time.sleep(1.5)  # for statistics to be written
        before = self._costs(sql)
        began = sql.value("SELECT clock_timestamp()")
        sql.rows("UPDATE schedules SET next_sync_at = $1", began)
        end = time.monotonic() + _PATIENCE
        while sql.value(
            "SELECT count(*) FROM schedules WHERE in_flight OR last_run_at IS NULL OR last_run_at < $1", began
        ):
            if time.monotonic() > end:
                raise RuntimeError("the workers do not get on")
            time.sleep(0.3)
        seconds = (sql.value("SELECT max(last_run_at) FROM schedules") - began).total_seconds()
        failed = sql.value("SELECT count(*) FROM schedules WHERE failures > 0")
        if failed:
            raise RuntimeError(f"{failed} of {mailboxes} syncs failed")
        time.sleep(1.5)
        return Round(mailboxes, seconds, self._costs(sql) - before)

    def _costs(self, sql: Sql) -> Costs:
        commits, written = sql.rows(
            "SELECT xact_commit, tup_inserted + tup_updated + tup_deleted FROM pg_stat_database"
            " WHERE datname = current_database()"
        )[0]
        logins = self.mail_log.read_text(errors="replace").count("Login: user=") if self.mail_log else 0
        return Costs(
            workers=sum(map(cpu_of, self.pids)),
            database=cpu_of(postmaster(self.world.server)),
            mail_server=cpu_of(self.mail_pid),
            commits=commits,
            statements=int(
                sql.value(
                    "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements JOIN pg_roles r ON r.oid = userid"
                    " WHERE rolname = 'mailbox_app' AND toplevel"
                )
            ),
            rows_written=written,
            wal_bytes=int(sql.value("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")),
            logins=logins,
        )


@contextmanager
def running_workers(
    world: World,
    number: int,
    ca_file: Path,
    ports: Sequence[int],
    *,
    program: Sequence[str | Path] = (),
    syncs: int = 64,
) -> Iterator[list[int]]:
    """Run so many workers; yield their process ids once they work."""
    with ExitStack() as stack:
        pids = []
        for place in range(number):
            metrics = free_port()
            settings = {
                "MAILBOX_DATABASE_URL": world.url,
                "MAILBOX_KEYRING_FILE": str(world.keyring),
                "MAILBOX_EGRESS_ALLOW": "127.0.0.0/8",
                "MAILBOX_EGRESS_PORTS": ",".join(map(str, ports)),
                "MAILBOX_TLS_CA_FILE": str(ca_file),
                "MAILBOX_METRICS_ADDR": f"127.0.0.1:{metrics}",
                "MAILBOX_MAX_SYNCS": str(syncs),
                "MAILBOX_SYNCS_PER_HOST": "100000",
            }
            log = new_folder("bench-worker") / f"log-{place}"
            started = running(
                [*(program or [_BIN / "mailbox-svc"]), "worker"],
                log=log,
                ready=listening(metrics),
                env=settings,
            )
            pids.append(stack.enter_context(started))
        time.sleep(1.0)
        yield pids


def postmaster(server: PostgresServer) -> int:
    """Return the process id of a database server."""
    return int((server.folder / "data" / "postmaster.pid").read_text().split()[0])


def cpu_of(pid: int) -> float:
    """Return the seconds of CPU of a process and all that it has started, the ended ones too."""
    process = psutil.Process(pid)
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            total += sum(one.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total
