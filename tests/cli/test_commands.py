"""The commands beside `serve`: what they print, and how they end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import Settings, mailbox_svc, program
from support.parts import GOOD_PASSWORD

ROW = {
    "id": "1",
    "label": "Work",
    "host": "imap.example.org",
    "port": 993,
    "tls": True,
    "user": "ann@example.org",
    "password": GOOD_PASSWORD,
}


@pytest.fixture(scope="module")
def first_keyring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command makes where there is none: made once, since it takes a second to start."""
    keyring = tmp_path_factory.mktemp("first") / "keyring.json"
    assert mailbox_svc("keys", "add", settings={"MAILBOX_KEYRING_FILE": keyring}).returncode == 0
    return keyring


@pytest.fixture
def settings(tmp_path: Path, first_keyring: Path) -> Settings:
    secret = tmp_path / "jwt-secret"
    secret.write_text("CANARY-" + "s" * 40)
    keyring = Path(shutil.copy(first_keyring, tmp_path))
    return {
        "MAILBOX_DATABASE_URL": f"sqlite:///{tmp_path / 'mailboxes.sqlite3'}",
        "MAILBOX_KEYRING_FILE": keyring,
        "MAILBOX_JWT_SECRET_FILE": secret,
    }


def test_check_config_accepts_what_serve_would(settings: Settings) -> None:
    done = program("check-config", settings=settings)
    assert (done.returncode, done.stdout) == (0, "The settings are good.\n"), done.stderr


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"MAILBOX_KEYRING_FILE": ""}, "MAILBOX_KEYRING_FILE"),
        ({"MAILBOX_KEYRING_FILE": "/nowhere/keyring"}, "/nowhere/keyring"),
        ({"MAILBOX_JWT_SECRET_FILE": ""}, "MAILBOX_JWT_SECRET_FILE"),
        ({"MAILBOX_JWT_SECRET_FILE": "/nowhere/secret"}, "/nowhere/secret"),
        ({"MAILBOX_JWT_JWKS_URL": "https://issuer.example/jwks"}, "not both"),
        ({"MAILBOX_DATABASE_URL": "mysql://CANARY:CANARY@db/x"}, "sqlite:///"),
        ({"MAILBOX_DATABASE_URL": "sqlite:////nowhere/x.sqlite3"}, "database"),
        ({"MAILBOX_GRPC_TLS_CERT_FILE": "/nowhere/cert"}, "go together"),
        ({"MAILBOX_TLS_CA_FILE": "/nowhere/ca.pem"}, "/nowhere/ca.pem"),
    ],
)
def test_a_wrong_setting_ends_with_one_plain_sentence(
    settings: Settings, wrong: Settings, sentence: str
) -> None:
    done = mailbox_svc("check-config", settings={**settings, **wrong})
    assert done.returncode in {1, 2}
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert "CANARY" not in done.stderr


def test_all_wrong_settings_are_named_at_once(settings: Settings) -> None:
    done = mailbox_svc(
        "serve",
        settings={
            **settings,
            "MAILBOX_COLOUR": "blue",
            "MAILBOX_GRPC_ADDR": "here",
            "MAILBOX_EGRESS_PORTS": "993,0",
        },
    )
    assert done.returncode == 2
    for name in ("MAILBOX_COLOUR", "MAILBOX_GRPC_ADDR", "MAILBOX_EGRESS_PORTS"):
        assert name in done.stderr


def test_a_short_jwt_secret_is_refused(settings: Settings, tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_text("CANARY-short")
    done = mailbox_svc("check-config", settings={**settings, "MAILBOX_JWT_SECRET_FILE": short})
    assert done.returncode == 2
    assert "32 bytes" in done.stderr


def test_unknown_commands_and_options_end_with_two() -> None:
    assert mailbox_svc("sing").returncode == 2
    assert mailbox_svc("serve", "--loud").returncode == 2


def test_no_command_waits_for_parts_that_it_does_not_use() -> None:
    heavy = "sqlalchemy", "alembic", "aioimaplib", "pymap"
    code = f"import sys, mailbox_svc.cli; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_token_prints_a_token_and_nothing_else(settings: Settings) -> None:
    done = mailbox_svc("token", "ann", settings=settings)
    assert done.returncode == 0
    assert done.stdout.count(".") == 2
    assert done.stdout.count("\n") == 1


def test_import_reads_standard_input_reports_bad_rows_and_may_be_repeated(
    settings: Settings, tmp_path: Path
) -> None:
    text = f"{json.dumps({'ann': [ROW]})}\n{json.dumps({'bob': [{**ROW, 'port': 0}]})}\n"
    first = mailbox_svc("import", "-", stdin=text, settings=settings)
    assert first.returncode == 3
    assert first.stdout == "1 added, 0 already there, 1 skipped.\n"
    assert first.stderr.startswith("line 2: The port must be")
    source = tmp_path / "mailboxes.json"
    source.write_text(json.dumps({"ann": [ROW]}))
    second = mailbox_svc("import", str(source), settings=settings)
    assert (second.returncode, second.stdout) == (0, "0 added, 1 already there, 0 skipped.\n")
    assert GOOD_PASSWORD not in first.stdout + first.stderr


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_import_says_why_it_cannot_read_the_file(
    settings: Settings, tmp_path: Path, content: bytes | None
) -> None:
    source = tmp_path / "mailboxes.json"
    if content is not None:
        source.write_bytes(content)
    done = mailbox_svc("import", str(source), settings=settings)
    assert done.returncode == 2
    assert "Cannot read" in done.stderr


def test_keys_can_be_added_rotated_inspected_and_dropped(settings: Settings) -> None:
    rows = {"ann": [{**ROW, "id": str(n)} for n in range(5)]}
    assert mailbox_svc("import", "-", stdin=json.dumps(rows), settings=settings).returncode == 0
    (old,) = json.loads(Path(str(settings["MAILBOX_KEYRING_FILE"])).read_text())["keys"]
    assert mailbox_svc("keys", "add", settings=settings).returncode == 0

    refused = mailbox_svc("keys", "drop", old, settings=settings)
    assert refused.returncode == 2
    assert "5 secrets" in refused.stderr

    assert mailbox_svc("keys", "rotate", settings=settings).stdout.startswith("5 secrets")
    assert mailbox_svc("keys", "rotate", settings=settings).stdout.startswith("0 secrets")
    status = mailbox_svc("keys", "status", settings=settings).stdout
    assert old in status
    assert mailbox_svc("keys", "drop", old, settings=settings).returncode == 0
    assert old not in mailbox_svc("keys", "status", settings=settings).stdout


@pytest.mark.parametrize("arguments", [["token", "ann"], ["keys", "status"], ["--help"]])
def test_a_full_disk_behind_the_output_is_one_plain_sentence(
    settings: Settings, arguments: list[str]
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = program(*arguments, settings=settings, stdout=full)
    assert (done.returncode, done.stderr) == (1, "mailbox-svc: Cannot write: no space left on device.\n")


def test_a_reader_that_has_left_is_no_failure_to_talk_about(settings: Settings) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = program("token", "ann", settings=settings, stdout=nobody)
    assert (done.returncode, done.stderr) == (1, "")


def test_migrate_says_what_it_did(settings: Settings) -> None:
    first, second = (mailbox_svc("migrate", settings=settings) for _ in range(2))
    assert "now at" in first.stdout
    assert "nothing to do" in second.stdout
