"""Each benchmark runs, on tiny sizes, and prints its table. What it measures is not judged here."""

import asyncio
import sys
from pathlib import Path

import pytest

from support.benches import ROOT, bench_output

BENCH = ROOT / "bench"


async def _run(script: str, *arguments: str) -> str:
    return await bench_output(BENCH / script, *arguments)


@pytest.mark.parametrize(
    ("script", "rows"),
    [
        ("list_calls.py", ["List, 5 rows, HS256", "List, 5 rows, ES256", "bare echo on uvloop", "goal 0.7"]),
        ("save_calls.py", ["Save, 32 callers, whole path", "plain SQLAlchemy", "bare echo on uvloop"]),
    ],
)
async def test_a_benchmark_runs_and_prints_its_rows(script: str, rows: list[str]) -> None:
    table = await _run(script, "--quick")
    assert [row for row in rows if row not in table] == []


async def test_make_bench_prints_one_table_of_the_named_parts() -> None:
    table = await _run("run.py", "--quick", "login", "held")
    assert table.count("Held against") == 1
    rows = ["one connection test", "one Test call", "ms CPU", "20 tests at once", "20 held", "KiB a test"]
    assert [row for row in rows if row not in table] == []


async def test_an_unknown_part_is_named(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, BENCH / "run.py", "lsit", stderr=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"no such part: lsit" in errors
