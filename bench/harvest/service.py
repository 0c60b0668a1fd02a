"""This project as it is used: `mailbox-svc serve` on a new SQLite file, told over gRPC to harvest."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import grpc
import psutil

from harvest.measured import Answer, Question, peak, reset_peak
from mailbox_svc.model.tally import COUNTS, LATEST, Tally
from mailboxes.v1 import harvest_pb2, harvest_service_pb2, mailbox_service_pb2
from mailboxes.v1.harvest_service_pb2_grpc import HarvestServiceStub
from mailboxes.v1.mailbox_service_pb2_grpc import MailboxServiceStub
from parts import Service, running_service

USER = "user-1"
#: Longer than any run takes; the service has a limit of its own.
_PATIENCE = 900


@contextmanager
def harvesting_service(ca_file: Path, ports: Sequence[int], variant: Sequence[str] = ()) -> Iterator[Service]:
    """Run the service, allowed to go to these ports on loopback. `variant`: see `variant.py`."""
    program = [sys.executable, "-m", "harvest.variant", *variant] if variant else []
    settings = {
        "MAILBOX_EGRESS_ALLOW": "127.0.0.0/8",
        "MAILBOX_EGRESS_PORTS": ",".join(map(str, ports)),
        "MAILBOX_TLS_CA_FILE": str(ca_file),
    }
    with running_service(*program, **settings) as service:
        yield service


def metadata(service: Service) -> Sequence[tuple[str, str]]:
    """Return what a call of the user must carry."""
    return [("authorization", f"Bearer {service.token(USER)}")]


def harvest(service: Service, mailbox: Question) -> Answer:
    """Save the mailbox and harvest it.

    The time is the service's own, from taking the harvest on to the commit that ends it: who watches is told
    a few times a second only.
    """
    who = metadata(service)
    process = psutil.Process(service.pid)
    with grpc.insecure_channel(service.address) as channel:
        mailbox_id = save(channel, mailbox, who)
        harvests: Any = HarvestServiceStub(channel)
        idle, cpu = reset_peak(service.pid), _cpu(process)
        request = harvest_service_pb2.StartHarvestRequest(mailbox_id=mailbox_id)
        now = harvests.StartHarvest(request, metadata=who, timeout=_PATIENCE).harvest
        watch = harvest_service_pb2.WatchHarvestRequest(id=now.id)
        for news in harvests.WatchHarvest(watch, metadata=who, timeout=_PATIENCE):
            now = news.harvest
        cpu = _cpu(process) - cpu
        if now.state != harvest_pb2.HARVEST_STATE_DONE:
            raise RuntimeError(f"the harvest ended otherwise than DONE: {now.failure}")
        seconds = (now.ended_at.ToDatetime() - now.created_at.ToDatetime()).total_seconds()
        return Answer(now.progress.scanned, seconds, cpu, peak(service.pid) - idle)


def save(channel: grpc.Channel, mailbox: Question, who: Sequence[tuple[str, str]]) -> str:
    """Save the mailbox; return its id."""
    request = mailbox_service_pb2.SaveRequest(
        label="Bench",
        host=mailbox.host,
        port=mailbox.port,
        tls=True,
        user=mailbox.user,
        password=mailbox.password,
    )
    mailboxes: Any = MailboxServiceStub(channel)
    saved = mailboxes.Save(request, metadata=who, timeout=60)
    return str(saved.mailbox.id)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def counted(database: Path, owner: str) -> tuple[dict[str, Tally], dict[tuple[str, str], int]]:
    """Return what the database has: each address's tally but the owner's, and how often each name stands."""
    latest = ", ".join(f"max(t.{name})" for name in LATEST)
    counts = ", ".join(f"sum(t.{name})" for name in COUNTS)
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            f"SELECT a.address, {counts}, min(t.first_at), {latest} FROM tallies t"
            " JOIN addresses a ON a.id = t.address_id WHERE a.address <> ? GROUP BY a.address",
            [owner],
        )
        columns = (*COUNTS, "first_at", *LATEST)
        tallies = {address: Tally(**dict(zip(columns, row, strict=True))) for address, *row in rows}
        names = connection.execute(
            "SELECT n.name, a.address, sum(n.by_self + n.by_user + n.by_others) FROM address_names n"
            " JOIN addresses a ON a.id = n.address_id WHERE a.address <> ? GROUP BY n.name, a.address",
            [owner],
        )
        return tallies, {(name, address): times for name, address, times in names}
