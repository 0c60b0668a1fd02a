"""The protos: what is generated is what is committed, and a change that breaks clients is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VENV = Path(sys.executable).parents[1]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of all that has to do with the contract, without its history."""
    for name in ("protos", "scripts", "clients"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("node_modules", "dist"))
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    return tmp_path


def _run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "scripts" / script],
        env={"VENV": str(VENV), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def _change(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "protos/mailboxes/v1/mailbox_service.proto"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return change


def test_the_contract_is_compatible_with_its_released_form(copy: Path) -> None:
    done = _run(copy, "breaking.sh")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "change",
    [
        _change("string label = ", "string title = "),
        _change("uint32 port = ", "string port = "),
        _change("rpc Delete(", "rpc Remove("),
    ],
    ids=["a renamed field", "another type", "a renamed method"],
)
def test_a_breaking_change_is_found(copy: Path, change: Callable[[Path], None]) -> None:
    change(copy)

    done = _run(copy, "breaking.sh")

    assert done.returncode != 0
    assert "mailbox_service.proto" in done.stdout


def test_the_committed_stubs_are_those_of_the_protos(copy: Path) -> None:
    done = _run(copy, "generated-diff.sh")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_forgotten_generation_is_found(copy: Path) -> None:
    _change("string label = ", "string title = ")(copy)

    done = _run(copy, "generated-diff.sh")

    assert done.returncode != 0
    assert "title" in done.stdout
