"""A pytest plugin that finds secrets of the tests where none may be: in logs, databases and servers' files.

Every password, token and key of the tests starts with `CANARY-`. Everything logs at DEBUG while the tests
run, what each test printed or logged is searched, and the test that asks for `leaks` runs last of all and
searches the files that the others left.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.processes import SECRETS, session_folder

WORD = b"CANARY-"
_SQLITE = b"SQLite format 3\0"
_LOGS = frozenset({".log", ".out", ".err"})
#: Tests that put secrets into records, to see that our formatter keeps them back; what it writes counts.
_LOG_ON_PURPOSE = ("tests/logs/", "tests/rpc/test_errors.py")


def forms(word: bytes) -> tuple[bytes, ...]:
    """The word as it may stand in a file: as it is, in hexadecimal, in base64 at each of three offsets."""
    whole = []
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + word)
        # the first and last characters depend on the neighbours too
        whole.append(coded[-(-offset * 8 // 6) : (offset + len(word)) * 8 // 6])
    return (word, word.hex().encode(), word.hex().upper().encode(), *whole)


def leaking_files(folder: Path, *, everything: bool, word: bytes = WORD) -> Iterator[Path]:
    """Yield the files below that hold the word; `everything`, or SQLite databases and logs only.

    What stands in a folder named `secrets` must hold it, and is left out.
    """
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or SECRETS in path.relative_to(folder).parts:
            continue
        if (everything or _is_log_or_database(path)) and _holds(path, word):
            yield path


def _is_log_or_database(path: Path) -> bool:
    if path.suffix in _LOGS:
        return True
    for ending in ("-wal", "-journal"):
        if path.name.endswith(ending):
            return True
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _holds(path: Path, word: bytes) -> bool:
    content = path.read_bytes()
    return any(form in content for form in forms(word))


class _Leaks:
    """What the tests so far have let out."""

    def __init__(self) -> None:
        self._words: list[str] = []

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, content in report.sections:
            if name.startswith("Captured log") and report.nodeid.startswith(_LOG_ON_PURPOSE):
                continue
            if any(form in content.encode() for form in forms(WORD)):
                self._words.append(f"{report.nodeid} ({name})")

    def all(self, pytest_folder: Path) -> list[str]:
        """Where secrets were found, by test or by file."""
        files = [
            *leaking_files(session_folder(), everything=True),
            *leaking_files(pytest_folder, everything=False),
        ]
        return self._words + [str(path) for path in files]


_PLUGIN = "canary-leaks"


def pytest_configure(config: pytest.Config) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    config.pluginmanager.register(_Leaks(), _PLUGIN)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: "leaks" in getattr(item, "fixturenames", ()))


@pytest.fixture
def leaks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Where the tests before this one have let a secret out."""
    plugin = request.config.pluginmanager.get_plugin(_PLUGIN)
    assert isinstance(plugin, _Leaks)
    return plugin.all(tmp_path_factory.getbasetemp())
