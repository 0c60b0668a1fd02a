"""Runs a benchmark as `make` does, and returns what it prints."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


#: What `make` sets for benches that are packages.
PACKAGES = {"PYTHONPATH": f"{ROOT}/bench:{ROOT}/tests"}


async def bench_output(*arguments: str | Path, **env: str) -> str:
    """Run Python with these arguments, and these variables besides its own; it has to succeed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "200", **env},
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode()
