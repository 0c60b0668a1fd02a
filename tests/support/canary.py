"""A pytest plugin that finds secrets of the tests where none may be: in logs, databases and servers' files.

Every password, token and key of the tests starts with `CANARY-`. Everything logs at DEBUG while the tests
run, what each test printed or logged is searched, and when all have ended, so are the files that they left.
What is found counts as one more test that failed. With several workers (`-n`) each searches what its tests
said, and the process that started them the files of all.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.processes import SECRETS, session_folder, share_session_folder

WORD = b"CANARY-"
_SQLITE = b"SQLite format 3\0"
_LOGS = frozenset({".log", ".out", ".err"})
#: Tests that put secrets into records, to see that our formatter keeps them back; what it writes counts.
_LOG_ON_PURPOSE = ("tests/logs/", "tests/rpc/test_errors.py")
#: Under what a report says where the word was found.
_LEAK = "leak"


def forms(word: bytes) -> tuple[bytes, ...]:
    """The word as it may stand in a file: as it is, in hexadecimal, in base64 at each of three offsets."""
    whole = []
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + word)
        # the first and last characters depend on the neighbours too
        whole.append(coded[-(-offset * 8 // 6) : (offset + len(word)) * 8 // 6])
    return (word, word.hex().encode(), word.hex().upper().encode(), *whole)


_FORMS = forms(WORD)


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


class _Search:
    """Looks at what each test printed and logged, where it ran."""

    def __init__(self, *, told_to_another: bool) -> None:
        self._told_to_another = told_to_another

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        for name, content in report.sections:
            if name.startswith("Captured log") and item.nodeid.startswith(_LOG_ON_PURPOSE):
                continue
            written = content.encode(errors="surrogateescape")
            if any(form in written for form in _FORMS):
                report.user_properties.append((_LEAK, f"{item.nodeid} ({name})"))
        if report.passed and self._told_to_another:
            report.sections = []  # nobody reads it, and it is a tenth of the work to send it
        return report


class _Leaks:
    """What the tests have let out."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._words: list[str] = []

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._words += [str(where) for name, where in report.user_properties if name == _LEAK]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail when a secret is somewhere: when the workers have ended, and before the summary."""
        found = [*self._words, *map(str, self._files())]
        if not found:
            return
        said = pytest.TestReport(
            "canary",
            ("canary", None, "no secret of any test is in a log or database"),
            keywords={},
            outcome="failed",
            longrepr="\n".join(["secrets were found in:", *found]),
            when="call",
        )
        session.config.hook.pytest_runtest_logreport(report=said)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _files(self) -> Iterator[Path]:
        yield from leaking_files(session_folder(), everything=True)
        # below it are those of all workers
        folders: pytest.TempPathFactory = self._config._tmp_path_factory  # type: ignore[attr-defined]
        yield from leaking_files(folders.getbasetemp(), everything=False)


def pytest_configure(config: pytest.Config) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    worker = getattr(config, "workerinput", None)
    config.pluginmanager.register(_Search(told_to_another=worker is not None))
    if worker is None:
        config.pluginmanager.register(_Leaks(config))
    else:
        share_session_folder(Path(worker["session_folder"]))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the files are looked for."""
    node.workerinput["session_folder"] = str(session_folder())
