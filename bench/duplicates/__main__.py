"""`make bench-duplicates`: seconds, memory and pairs compared of the search for duplicates.

Each size is measured in a process of its own, so that its peak memory is its own. The contacts are those of
`quality.made_people`; the last rows are the worst that a user could have: everybody of one name, or of one
family name and company. A second table is what the service does: how long ListDuplicates has the comparison
wait for, and the longest time in which the event loop had no turn; in a thread, for comparison.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from mailbox_svc.contacts.comparison import Comparison
from mailbox_svc.contacts.duplicates import suggestions
from mailbox_svc.contacts.duplicates.blocks import pairs
from mailbox_svc.contacts.duplicates.halves import at_once
from mailbox_svc.contacts.duplicates.person import people
from mailbox_svc.model.contact import Kind
from mailbox_svc.model.duplicate import Candidate
from quality.made_people import made

SIZES = (1_000, 10_000, 100_000)
#: `made` writes down nearly two contacts a person, hard cases included.
_CONTACTS_A_PERSON = 1.9
#: What 100,000 contacts of one user may take.
MOST_SECONDS, MOST_MEGABYTES = 10, 500
#: Seconds between two looks at the clock while others work.
_TICK = 0.001
#: Seconds between two looks at the memory.
_LOOK = 0.05


def _people(size: int) -> list[Candidate]:
    return made(people=int(size / _CONTACTS_A_PERSON) + 40).candidates[:size]


def _one_name(size: int) -> list[Candidate]:
    """Return contacts of which all are called John Smith, ten of each company."""
    return [
        Candidate(f"{at:06}", ("John Smith",), (f"js{at}@c{at // 10}.example",), Kind.PERSON, "", "", 1)
        for at in range(size)
    ]


def _one_family(size: int) -> list[Candidate]:
    """Return contacts of one family name and company."""
    return [
        replace(one, names=(f"{one.names[0].split()[0]} Smith",), addresses=(f"s{at}@acme.example",))
        for at, one in enumerate(_people(size))
        if one.names
    ]


MADE = {"people": _people, "one name": _one_name, "one family": _one_family}


def measure(kind: str, size: int) -> dict[str, float]:
    """Measure in this process. Memory is what it takes beyond the contacts handed in."""
    candidates = MADE[kind](size)
    # as `contacts.duplicates.process` does
    gc.disable()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, worked = time.perf_counter(), time.process_time()
    found = suggestions(candidates, share=at_once)
    seconds, processor = time.perf_counter() - start, time.process_time() - worked
    copy = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor += copy.ru_utime + copy.ru_stime
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    compared = sum(1 for _ in pairs(people([one for one in candidates if one.kind is Kind.PERSON])))
    return {
        "contacts": len(candidates),
        "seconds": seconds,
        "processor": processor,
        "megabytes": (peak - before) / 1024,
        "pairs": compared,
        "found": len(found),
    }


async def stalled(candidates: list[Candidate], *, apart: bool) -> tuple[float, float]:
    """Return the seconds that a comparison takes, and the longest that the loop had no turn meanwhile."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        last = time.perf_counter()
        while True:
            await asyncio.sleep(_TICK)
            now = time.perf_counter()
            longest, last = max(longest, now - last - _TICK), now

    ticking = asyncio.create_task(tick())
    start = time.perf_counter()
    comparison = Comparison(in_a_thread=0 if apart else len(candidates))
    await comparison.suggestions(candidates, dismissed=frozenset())
    ticking.cancel()
    return time.perf_counter() - start, longest


def main() -> None:
    arguments = argparse.ArgumentParser(prog="make bench-duplicates", description=__doc__)
    arguments.add_argument("--size", type=int, help="only this many contacts")
    arguments.add_argument("--kind", choices=MADE, help="measure in this process and print JSON")
    given = arguments.parse_args()
    if given.kind:
        print(json.dumps(measure(given.kind, given.size or SIZES[0])))
        return
    sizes = (given.size,) if given.size else SIZES
    table = Table(
        "Contacts", "", "Seconds", "Of the processor", "MB more", "MB in all", "Pairs compared", "Suggested"
    )
    for kind, size in [
        *(("people", size) for size in sizes),
        ("one name", sizes[-1]),
        ("one family", sizes[-1]),
    ]:
        row = _in_a_process(kind, size)
        table.add_row(
            f"{row['contacts']:,.0f}",
            kind,
            f"{row['seconds']:.2f}",
            f"{row['processor']:.2f}",
            f"{row['megabytes']:.0f}",
            f"{row['all']:.0f}",
            f"{row['pairs']:,.0f}",
            f"{row['found']:,.0f}",
        )
    Console(width=max(Console().width, 110)).print(table)
    print(f"Goal for 100,000: under {MOST_SECONDS} s and {MOST_MEGABYTES} MB.")
    _show_stalls(sizes[-1])


def _show_stalls(size: int) -> None:
    table = Table("Contacts", "Compared in", "Seconds", "The loop's longest stall, ms")
    candidates = _people(size)
    gc.collect()
    gc.freeze()  # as the service does with what is there at its start
    for where, apart in (("a process", True), ("a thread", False)):
        seconds, longest = uvloop.run(stalled(candidates, apart=apart))
        table.add_row(f"{len(candidates):,}", where, f"{seconds:.2f}", f"{longest * 1000:.0f}")
    Console(width=max(Console().width, 110)).print(table)


def _in_a_process(kind: str, size: int) -> dict[str, float]:
    """Measure in a process of its own; what it and its copy have in memory at most is looked at from here."""
    command = [sys.executable, "-m", "duplicates", "--kind", kind, "--size", str(size)]
    most = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        while process.poll() is None:
            most = max(most, _megabytes(process.pid))
            time.sleep(_LOOK)
        assert process.stdout is not None
        row: dict[str, float] = json.loads(process.stdout.read())
    return row | {"all": most}


def _megabytes(pid: int) -> float:
    """Return what a process and its children have in memory; what they share counts once."""
    kilobytes = 0
    with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        for one in (psutil.Process(pid), *psutil.Process(pid).children()):
            rollup = Path(f"/proc/{one.pid}/smaps_rollup").read_text()
            kilobytes += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return kilobytes / 1024


if __name__ == "__main__":
    main()
