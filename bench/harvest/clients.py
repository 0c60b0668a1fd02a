"""Who reads the mailbox, each in a process of its own, and what they are asked."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from harvest.measured import Answer, Question, pairs_from
from harvest.server import Mailbox, MailServer
from harvest.service import counted, harvest, harvesting_service
from mailbox_svc.ports.mail import HEADER_FIELDS
from support.processes import new_folder

HERE = Path(__file__).parent
RAW, OURS = "raw read", "mailbox-svc, whole path"
IMAPFLOW = "imapflow, header fields"


@dataclass(frozen=True, slots=True)
class Run:
    """A client's reading of a mailbox."""

    answer: Answer
    #: None where nothing is counted.
    counts_equal: bool | None


#: Reads a mailbox on a server over TLS, or else in clear text.
Client = Callable[[MailServer, Mailbox, bool], Run]


def _raw(_server: MailServer, mailbox: Mailbox, tls: bool) -> Run:
    return Run(_ask(_python("read_raw"), _question(mailbox, tls=tls)), None)


def _ours(server: MailServer, mailbox: Mailbox, tls: bool) -> Run:
    question = _question(mailbox, tls=tls)
    variant = () if tls else ("plain",)
    with harvesting_service(server.dovecot.ca_file, [question.port], variant) as service:
        answer = harvest(service, question)
        found = counted(service.database, mailbox.expected.owner)
    return Run(answer, found == (mailbox.expected.tallies, mailbox.expected.names))


def _peer(command: list[str], **more: Any) -> Client:
    def client(_server: MailServer, mailbox: Mailbox, tls: bool) -> Run:
        counts = new_folder("bench-counts") / "counts.json"
        question = replace(_question(mailbox, tls=tls), counts_file=str(counts))
        answer = _ask(command, question, **more)
        return Run(answer, pairs_from(counts) == mailbox.expected.pairs)

    return client


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", f"harvest.{module}"]


_NODE = ["node", str(HERE / "read_imapflow.mjs")]
CLIENTS: dict[str, Client] = {
    RAW: _raw,
    OURS: _ours,
    IMAPFLOW: _peer(_NODE, how="headers", fields=HEADER_FIELDS),
    "imapflow, ENVELOPE": _peer(_NODE, how="envelope"),
    "IMAPClient, ENVELOPE": _peer(_python("read_imapclient")),
    "aioimaplib as it comes": _peer(_python("read_aioimaplib")),
    "imaplib and email": _peer(_python("read_imaplib")),
}


def install_imapflow() -> None:
    """Install what package-lock.json says, by its hashes, unless that was done. Raises RuntimeError."""
    lock, installed = HERE / "package-lock.json", HERE / "node_modules" / ".package-lock.json"
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise RuntimeError("node and npm are missing: run scripts/install-system.sh")
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # several test processes may begin at once
        if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
            return
        subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=HERE, check=True, stdout=sys.stderr)


def _question(mailbox: Mailbox, *, tls: bool) -> Question:
    return mailbox.tls if tls else mailbox.plain


def _ask(command: list[str], question: Question, **more: Any) -> Answer:
    done = subprocess.run(
        command, input=json.dumps({**asdict(question), **more}), stdout=subprocess.PIPE, text=True, check=True
    )
    return Answer(**json.loads(done.stdout))
