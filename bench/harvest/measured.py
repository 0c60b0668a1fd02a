"""What every measured client shares: its question and answer as JSON, its own time, CPU and memory.

Each client is a process of its own. Imports and set-up come before the measurement, connecting and
logging in belong to it, writing the counts down comes after it.
"""

from __future__ import annotations

import json
import ssl
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.header import decode_header, make_header
from pathlib import Path

Pairs = Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """Which mailbox to read, and how."""

    host: str
    port: int
    user: str
    password: str
    folders: list[str]
    #: The authority to trust; empty for clear text.
    ca_file: str = ""
    #: Where to write the counts; nothing for no counts.
    counts_file: str = ""

    def tls(self) -> ssl.SSLContext | None:
        """Return how to encrypt; None for clear text."""
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What reading a mailbox took."""

    messages: int
    seconds: float
    #: Seconds of user and system time of the client's process.
    cpu: float
    #: Bytes that the client's process held at most, above those before it connected.
    memory: int


def serve(read: Callable[[Question, Pairs], int]) -> None:
    """Answer the question on standard input by a client that returns how many messages it has read."""
    question = Question(**json.load(sys.stdin))
    pairs: Pairs = Counter()
    idle = reset_peak("self")
    cpu, began = time.process_time(), time.perf_counter()
    messages = read(question, pairs)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    answer = Answer(messages, seconds, cpu, peak("self") - idle)
    if question.counts_file:
        Path(question.counts_file).write_text(json.dumps([[*pair, times] for pair, times in pairs.items()]))
    print(json.dumps(asdict(answer)))


def pairs_from(counts_file: Path) -> Pairs:
    """Read the counts that a client has written down; clients in any language write them like this."""
    pairs: Pairs = Counter()
    for name, address, times in json.loads(counts_file.read_text()):
        pairs[tidy(name), address.lower()] += times
    return pairs


def tidy(name: str) -> str:
    """Return a name as it is compared: blanks and ways to write an accent do not count."""
    return unicodedata.normalize("NFC", " ".join(name.split()))


def decoded(name: str) -> str:
    """Decode the RFC 2047 words of a name by the standard library, as most Python programs do."""
    return str(make_header(decode_header(name))) if "=?" in name else name


def reset_peak(process: str | int) -> int:
    """Forget the highest memory use of a process; return the present one in bytes."""
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return _status(process, "VmRSS")


def peak(process: str | int) -> int:
    """Return the highest memory use of a process, in bytes, since `reset_peak`."""
    return _status(process, "VmHWM")


def _status(process: str | int, name: str) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise LookupError(name)
