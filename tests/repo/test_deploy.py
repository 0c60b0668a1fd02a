"""What compose.yaml does, done without containers: its scripts, its settings and its health check work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbox_svc.config import Settings
from mailboxes.v1 import error_reason_pb2 as pb
from support.postgres import ADMIN, PostgresServer, server
from support.processes import free_port, new_folder, running

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """What deploy/init.sh makes."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy", ignore=shutil.ignore_patterns("secrets"))
    for _ in range(2):  # the second run must keep what the first has made
        subprocess.run([tmp_path / "deploy/init.sh"], check=True, capture_output=True)
    return tmp_path / "deploy" / "secrets"


@pytest.fixture
def database(secrets: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL that asks for passwords, made ready by deploy/roles.sh."""
    own = PostgresServer(free_port(), new_folder("deploy"), server().programs, "")
    user = None
    if os.getuid() == 0:
        user = "postgres"
        shutil.chown(own.folder, user, user)
    auth = "--auth-local=trust --auth-host=scram-sha-256"
    subprocess.run(
        [own.programs / "initdb", "-D", own.folder / "data", "-U", ADMIN, "--no-sync", *auth.split()],
        check=True,
        cwd=own.folder,
        capture_output=True,
        user=user,
        group=user,
    )
    own.start()
    try:
        environment = {"SECRETS": str(secrets), "PGHOST": str(own.folder), "PGPORT": str(own.port)}
        subprocess.run(
            [ROOT / "deploy/roles.sh"], env=os.environ | environment, check=True, capture_output=True
        )
        yield own
    finally:
        own.stop()


@pytest.fixture
def environment(secrets: Path, database: PostgresServer, tmp_path: Path) -> dict[str, str]:
    """The variables of compose.yaml, with this machine's paths and ports."""
    for url in secrets.glob("database_*_url"):
        url.write_text(url.read_text().replace("@database/", f"@127.0.0.1:{database.port}/"))
    return {
        "PATH": os.environ["PATH"],
        "MAILBOX_DATABASE_URL_FILE": str(secrets / "database_app_url"),
        "MAILBOX_KEYRING_FILE": str(tmp_path / "keyring.json"),
        "MAILBOX_JWT_SECRET_FILE": str(secrets / "jwt_secret"),
        "MAILBOX_GRPC_ADDR": f"0.0.0.0:{free_port()}",
        "MAILBOX_GRPC_ALLOW_INSECURE": "true",
        "MAILBOX_REST_ADDR": f"0.0.0.0:{free_port()}",
    }


def test_the_containers_start_in_the_order_of_compose_and_report_their_health(
    secrets: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    def healthy() -> bool:
        check = [Path(sys.executable), ROOT / "deploy/healthcheck.py"]
        return subprocess.run(check, env=environment, capture_output=True, check=False).returncode == 0

    def run(*command: str, **more: str) -> str:
        return subprocess.run(
            [BIN / "mailbox-svc", *command],
            env=environment | more,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    run("keys", "add")
    owner = {"MAILBOX_MIGRATION_DATABASE_URL_FILE": str(secrets / "database_owner_url")}
    assert "before they were at nothing" in run("migrate", **owner)
    assert run("check-config") == "The settings are good.\n"
    assert not healthy()
    with running([BIN / "mailbox-svc", "serve"], log=tmp_path / "serve.log", ready=healthy, env=environment):
        assert healthy()
    assert not healthy()


@pytest.mark.parametrize("file", ["compose.yaml", "Dockerfile", "deploy/healthcheck.py", "README.md", "docs"])
def test_every_setting_that_is_named_exists(file: str) -> None:
    path = ROOT / file
    texts = [page.read_text() for page in ([path] if path.is_file() else path.rglob("*.md"))]
    named = set(re.findall(r"\bMAILBOX_[A-Z_]*[A-Z]\b", "\n".join(texts)))
    reasons = {reason.removeprefix("ERROR_REASON_") for reason in pb.ErrorReason.DESCRIPTOR.values_by_name}
    assert named - reasons <= {f"MAILBOX_{name.upper()}" for name in Settings.model_fields}


def test_every_file_that_the_image_and_compose_want_is_there() -> None:
    image = re.findall(r"^COPY (?!--from)(.*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    compose = re.findall(r"- \./(\S+?):", (ROOT / "compose.yaml").read_text())
    wanted = [*" ".join(image).split(), *compose]
    assert wanted
    assert [name for name in wanted if not (ROOT / name).exists()] == []
