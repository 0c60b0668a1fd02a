"""The documents say what the code does: every name and number in them that the code knows too."""

import asyncio
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer.core
import typer.main
from prometheus_client import CollectorRegistry, generate_latest

from mailbox_svc import app
from mailbox_svc.cli import cli
from mailbox_svc.cli.dev import dev_settings
from mailbox_svc.cli.tokens import mint
from mailbox_svc.config import Settings
from mailbox_svc.errors import MailboxSvcError
from mailbox_svc.model.check import Code, Stage
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.providers import provider_of
from mailbox_svc.model.remedies import ADVICE, advise
from mailbox_svc.rpc.errors import CODES, INTERNAL
from mailbox_svc.rpc.metrics import HarvestMetrics, OAuthMetrics, RpcMetrics
from mailboxes.v1.connection_test_pb2 import TestCode, TestStage
from mailboxes.v1.error_reason_pb2 import ErrorReason
from support.pages import ROOT, rows_of, text_of

PAGES = [
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("clients/python/*.md"))
    if path.is_file()
]
PROVIDERS = ("google_", "microsoft_")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_has_a_part_twice(page: Path) -> None:
    parts = [line for line in page.read_text().splitlines() if line.startswith("## ")]
    assert len(parts) == len(set(parts))


def test_every_error_reason_is_documented_with_its_status() -> None:
    status = {
        error.reason: code.name for error, code in CODES.items() if issubclass(error, MailboxSvcError)
    } | {INTERNAL.reason: INTERNAL.code.name}
    rows = rows_of("docs/errors.md", "## Refused calls")
    assert {reason: cells[0] for reason, cells in rows.items()} == status
    assert {f"ERROR_REASON_{reason}" for reason in rows} == set(ErrorReason.keys()[1:])


def test_every_test_code_is_documented_with_what_the_service_says() -> None:
    rows = rows_of("docs/errors.md", "## Failed tests")
    assert {f"TEST_CODE_{code}" for code in rows} == set(TestCode.keys()[1:])
    for code, advice in ADVICE.items():
        said = f"{advice.error.rstrip('.')}."
        assert rows[code.name] == [said, ", ".join(advice.wrong_fields), "yes" if advice.retryable else ""]


def test_the_stages_are_documented_in_their_order() -> None:
    names = [f"`{name.removeprefix('TEST_STAGE_')}`" for name in TestStage.keys()[1:]]
    assert ", ".join(names) in text_of("docs/errors.md").replace("\n", " ")


def test_every_setting_is_documented_with_its_default() -> None:
    rows = rows_of("README.md")
    documented = {name: cells[0].strip("`") for name, cells in rows.items() if name.startswith("MAILBOX_")}
    ours = {
        name: one.default for name, one in Settings.model_fields.items() if not name.startswith(PROVIDERS)
    }
    assert set(documented) == {f"MAILBOX_{name.upper()}" for name in ours}
    for name, default in ours.items():
        shown = documented[f"MAILBOX_{name.upper()}"]
        if default is None or default == ():
            assert shown in {"", "required", "this or the next", "the system's"}, name
        elif isinstance(default, tuple):
            assert shown == ",".join(map(str, default)), name
        elif isinstance(default, bool):
            assert shown == str(default).lower(), name
        elif isinstance(default, float):
            assert float(shown) == default, name
        else:
            assert shown == str(default), name


def test_the_example_of_a_failed_test_is_what_gmail_users_get() -> None:
    destination = Destination("imap.gmail.com", 993, tls=True, user="ann@gmail.com")
    advice = advise(Code.AUTH_INVALID_CREDENTIALS, Stage.AUTH, destination, provider_of(destination.host))
    readme = text_of("README.md")
    assert f'"error": "{advice.error}"' in readme
    assert f'"text": "{advice.remedy.text}"' in readme
    assert f'"url": "{advice.remedy.url}"' in readme
    fields = ", ".join(f'"{field}"' for field in advice.wrong_fields)
    assert f'"wrongFields": [{fields}]' in readme


async def test_the_python_example_runs_against_the_service(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [example] = re.findall(r"```python\n(.*?)```", text_of("README.md"), re.DOTALL)
    settings = dev_settings(tmp_path, grpc_addr="127.0.0.1:0")
    async with app.running_service(settings) as service:
        token = mint(settings, subject="ann", lifetime=60, service=False)
        # A host that nobody needs to look up, and that says no at once.
        local = example.replace("127.0.0.1:50051", f"127.0.0.1:{service.port}").replace(
            "imap.example.org", "127.0.0.1"
        )
        code = compile(local, "README.md", "exec")
        await asyncio.to_thread(exec, code, {"token": token, "password": "CANARY-readme"})
    said = ADVICE[Code.CONNECT_FAILED]
    assert capsys.readouterr().out.splitlines() == [
        f"{said.error} {said.remedy.text} ",
        f"Work ann@example.org {said.error}",
    ]


def test_every_dependency_has_its_lines_in_the_decisions() -> None:
    projects = (tomllib.loads(text_of(name)) for name in ("pyproject.toml", "clients/python/pyproject.toml"))
    names = {"hatchling"}
    for project in projects:
        extras = project["project"].get("optional-dependencies", {})
        wanted = [*project["project"]["dependencies"], *(name for extra in extras.values() for name in extra)]
        names |= {re.split(r"[\[<>=]", requirement)[0] for requirement in wanted}
    for line in text_of("requirements-dev.in").splitlines():
        if line and line[0] not in "#-":
            names.add(re.split(r"[<>=]", line)[0])
    # One line for the family.
    text = text_of("docs/decisions.md").lower() + " ".join(
        f"grpcio-{part}" for part in ("health-checking", "reflection", "status")
    )
    text += " ".join(name for name in names if name.startswith("types-")) if "`types-*`" in text else ""
    text += "pytest-asyncio pytest-timeout" if "-asyncio, -timeout" in text else ""
    assert sorted(name for name in names if name.lower() not in text) == []


def test_every_metric_is_documented() -> None:
    registry = CollectorRegistry()
    metrics = RpcMetrics(registry)
    metrics.tested(Code.OK)
    HarvestMetrics(registry)
    OAuthMetrics(registry)
    families = re.findall(r"^# TYPE (\w+) ", generate_latest(registry).decode(), re.MULTILINE)
    documented = rows_of("docs/operations.md")
    assert [name for name in families if not name.endswith("_created") and name not in documented] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), target


def _commands(page: Path) -> list[list[str]]:
    """Return the arguments of every `mailbox-svc` line in the shell examples of a page."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    lines = [part for block in blocks for line in block.splitlines() for part in line.split("&&")]
    words = [shlex.split(line, comments=True) for line in lines if "mailbox-svc" in line]
    return [one[1:] for one in words if Path(one[0]).name == "mailbox-svc"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_is_shown_is_one_with_these_options(page: Path) -> None:
    for words in _commands(page):
        command = typer.main.get_command(cli)
        while isinstance(command, typer.core.TyperGroup):
            command = command.commands[words.pop(0)]
        command.make_context("shown", words)  # parses, and refuses what it does not know


def test_there_are_commands_to_look_at() -> None:
    shown = [arguments[0] for page in PAGES for arguments in _commands(page)]
    assert {"harvest", "contacts", "groups", "export", "serve", "migrate", "keys"} <= set(shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    named = set(
        re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", page.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert {one or other for one, other in named} <= targets


def test_there_are_pages_to_look_at() -> None:
    assert {page.name for page in PAGES} >= {
        "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "architecture.md", "decisions.md", "errors.md",
        "oauth.md", "operations.md",
    }  # fmt: skip
