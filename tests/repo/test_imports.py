"""The import rules hold, and each of them fails when it is broken on purpose."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: By rule: a file, and an import that it must not have.
FORBIDDEN = [
    ("imports point down", "mailbox_svc/model/__init__.py", "mailbox_svc.ports"),
    ("imports point down", "mailbox_svc/mailboxes/__init__.py", "mailbox_svc.storage"),
    ("imports point down", "mailbox_svc/storage/__init__.py", "mailbox_svc.imap"),
    (
        "the generated contract is used by rpc and rest only",
        "mailbox_svc/mailboxes/__init__.py",
        "mailboxes.v1.mailbox_pb2",
    ),
    ("the generated contract is used by rpc and rest only", "mailbox_svc/storage/__init__.py", "grpc"),
    ("SQLAlchemy lives in storage", "mailbox_svc/rpc/__init__.py", "sqlalchemy"),
    ("aioimaplib and dns live in imap", "mailbox_svc/rpc/__init__.py", "aioimaplib"),
    ("cryptography lives in the vault", "mailbox_svc/storage/__init__.py", "cryptography"),
    ("joserfc lives in identity", "mailbox_svc/rpc/__init__.py", "joserfc"),
    ("httpx2 lives in identity and oauth_http", "mailbox_svc/oauth/__init__.py", "httpx2"),
    ("Authlib lives in oauth_http", "mailbox_svc/oauth/__init__.py", "authlib"),
    ("FastAPI lives in rest", "mailbox_svc/rpc/__init__.py", "fastapi"),
    ("PgQueuer lives in queue", "mailbox_svc/sync/__init__.py", "pgqueuer"),
    ("imports point down", "mailbox_svc/harvest/__init__.py", "mailbox_svc.sync"),
    ("rapidfuzz lives in contacts.duplicates", "mailbox_svc/harvest/__init__.py", "rapidfuzz"),
    ("the gateway is a client of the gRPC address", "mailbox_svc/rest/__init__.py", "mailbox_svc.model"),
    ("the demo's IMAP server and its authority live in demo", "mailbox_svc/imap/__init__.py", "trustme"),
    ("the client needs nothing of the service", "mailboxes/__init__.py", "mailbox_svc.errors"),
]


@dataclass(frozen=True, slots=True)
class Report:
    """What import-linter says of a copy of the sources."""

    #: By rule: whether it holds.
    rules: dict[str, bool]
    text: str


def _lint(folder: Path) -> Report:
    done = subprocess.run(
        [
            Path(sys.executable).parent / "lint-imports",
            "--no-cache",
            "--no-logo",
            "--config",
            ROOT / "pyproject.toml",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    rules = {}
    for line in done.stdout.splitlines():
        rule, _, word = line.rpartition(" ")
        if word in {"KEPT", "BROKEN"}:
            rules[rule] = word == "KEPT"
    assert rules, done.stdout + done.stderr
    return Report(rules, done.stdout)


def _copy(folder: Path) -> None:
    for package in (ROOT / "src/mailbox_svc", ROOT / "clients/python/mailboxes"):
        shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))


def test_every_rule_holds_and_is_tried_below(tmp_path: Path) -> None:
    _copy(tmp_path)
    assert _lint(tmp_path).rules == dict.fromkeys((rule for rule, _, _ in FORBIDDEN), True)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rules = settings["tool"]["importlinter"]["contracts"]
    assert {rule["name"] for rule in rules} == {rule for rule, _, _ in FORBIDDEN}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report on all forbidden imports at once: one takes as long as all."""
    folder = tmp_path_factory.mktemp("broken")
    _copy(folder)
    for _, file, module in FORBIDDEN:
        with (folder / file).open("a") as source:
            source.write(f"\nimport {module}\n")
    return _lint(folder)


@pytest.mark.parametrize(("rule", "file", "module"), FORBIDDEN)
def test_a_forbidden_import_breaks_its_rule(broken: Report, rule: str, file: str, module: str) -> None:
    assert broken.rules[rule] is False
    importer = file.removesuffix("/__init__.py").replace("/", ".")
    assert f"{importer} -> {module} " in _of_rule(broken.text, rule)


def _of_rule(report: str, rule: str) -> str:
    """Return what the report says of one broken rule, with its name underlined above."""
    _, _, after = report.partition(f"{rule}\n{'-' * len(rule)}\n")
    return after.partition("\n---")[0]
