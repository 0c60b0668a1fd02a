"""The wheel of the client: what is in it, and that it stands alone."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "clients" / "python"
#: What the client may need besides Python itself.
DEPENDENCIES = ("grpcio", "protobuf", "typing_extensions")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=SOURCE, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def alone(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that holds the client and its dependencies, and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    for name in DEPENDENCIES:
        for file in importlib.metadata.files(name) or ():
            place = folder / file
            if ".." not in file.parts and not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(Path(str(file.locate())))
    return folder


def run_alone(folder: Path, script: str) -> str:
    # -I -S: neither this environment's packages nor its variables nor the current folder.
    script = f"import sys; sys.path.append({str(folder)!r})\n{script}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_client_contract_types_and_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(n for n in names if n.endswith("METADATA"))).decode()
    assert {"mailboxes/__init__.py", "mailboxes/py.typed", "mailboxes/v1/mailbox_service_pb2.pyi"} <= {*names}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "License-Expression: Apache-2.0" in metadata
    assert sorted(line for line in metadata.splitlines() if line.startswith("Requires-Dist")) == [
        "Requires-Dist: grpcio<2,>=1.85.1",
        "Requires-Dist: protobuf<8,>=7.36",
    ]


def test_the_client_stands_alone(alone: Path) -> None:
    loaded = run_alone(alone, "import mailboxes; print(*sorted(sys.modules), sep='\\n')").split()
    assert "mailboxes.v1.mailbox_service_pb2" in loaded
    foreign = ("mailbox_svc", "google.rpc", "grpc_status", "structlog", "pydantic", "sqlalchemy")
    assert [name for name in loaded if name.startswith(foreign)] == []


def test_error_details_are_read_without_googles_definitions(alone: Path) -> None:
    script = """
from mailboxes._status import error_details
info = b"\\x0a\\x01R\\x12\\x0cmailboxes.v1"
url = b"type.googleapis.com/google.rpc.ErrorInfo"
packed = b"\\x0a" + bytes([len(url)]) + url + b"\\x12" + bytes([len(info)]) + info
print(error_details(b"\\x1a" + bytes([len(packed)]) + packed).reason)
"""
    assert run_alone(alone, script).strip() == "R"
