"""No secret of any test is in a log or database; and a scan that finds nothing would have found something."""

from __future__ import annotations

import base64
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from support import canary
from support.processes import SECRETS

# not the real word: these tests put it where the real scan looks
DECOY = "DECOY-7"


def _found(folder: Path, *, everything: bool = False) -> list[str]:
    return [path.name for path in canary.leaking_files(folder, everything=everything, word=DECOY.encode())]


def test_a_secret_in_a_database_is_found_before_and_after_the_checkpoint(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "mail") as database:
        database.execute("PRAGMA journal_mode = wal")
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (?)", (f"secret {DECOY}",))
        database.commit()
        assert _found(tmp_path) == ["mail-wal"]
    database.close()
    assert _found(tmp_path) == ["mail"]


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_secret_in_base64_is_found_wherever_it_starts(tmp_path: Path, before: str) -> None:
    (tmp_path / "service.log").write_bytes(base64.b64encode(f"{before}{DECOY} and more".encode()))
    assert _found(tmp_path) == ["service.log"]


def test_a_secret_in_hexadecimal_is_found(tmp_path: Path) -> None:
    (tmp_path / "service.log").write_text(rf"parameters: $1 = '\x{DECOY.encode().hex()}00'")
    assert _found(tmp_path) == ["service.log"]


def test_files_that_must_hold_secrets_are_left_out(tmp_path: Path) -> None:
    (tmp_path / SECRETS).mkdir()
    (tmp_path / SECRETS / "passwd").write_text(DECOY)
    assert _found(tmp_path, everything=True) == []


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    """Tests that let secrets out, one in each way, and one that does not."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["support.canary"]')
    (tmp_path / "test_it.py").write_text("""
import logging, sqlite3
from support.canary import WORD
from support.processes import new_folder
def test_logs(): logging.getLogger("some.library").debug("token %s", WORD.decode())
def test_prints(): print(WORD.decode())
def test_is_silent(): logging.getLogger("some.library").debug("nothing")
def test_has_a_server(): (new_folder("server") / "any").write_bytes(WORD)
def test_writes(tmp_path): (tmp_path / "it.log").write_bytes(WORD)
""")
    return tmp_path


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = ["-p", "xdist", "-o", f"pythonpath={Path(__file__).parents[1]}", "-c", "/dev/null"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments, "--rootdir", folder, folder],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # they take seconds to load
    )


@pytest.mark.parametrize("workers", [0, 2])
def test_a_secret_that_a_test_lets_out_fails_the_run(leaking: Path, workers: int) -> None:
    done = _run(leaking, "-n", str(workers))

    assert done.returncode == 1
    assert "1 failed, 5 passed" in done.stdout.splitlines()[-1]
    assert "test_logs (Captured log call)" in done.stdout
    assert "test_prints (Captured stdout call)" in done.stdout
    assert "/any\n" in done.stdout
    assert "/it.log\n" in done.stdout
    assert "test_is_silent (" not in done.stdout


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_that_lets_out_nothing_passes(leaking: Path, workers: int) -> None:
    done = _run(leaking, "-n", str(workers), "-k", "silent")

    assert done.returncode == 0
    assert "1 passed" in done.stdout.splitlines()[-1]
