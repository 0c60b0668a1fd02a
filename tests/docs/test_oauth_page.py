"""docs/oauth.md says what the settings are, and what it shows can be used as it stands."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from mailbox_svc.config import Settings, load, oauth_providers
from mailbox_svc.config.providers_file import ProviderTable
from mailboxes.v1.error_reason_pb2 import ErrorReason
from support.pages import rows_of, text_of

PAGE = "docs/oauth.md"
PROVIDERS = ("google_", "microsoft_")
#: The files that the page speaks of are not on this machine.
_NO_FILES = {"google_client_secret_file": None, "microsoft_client_secret_file": None}


def test_every_setting_of_google_and_microsoft_is_documented_with_its_default() -> None:
    documented = rows_of(PAGE, "## Settings")
    fields = {name: one.default for name, one in Settings.model_fields.items() if name.startswith(PROVIDERS)}
    assert set(documented) == {name.partition("_")[2].upper() for name in fields}
    for name, cells in documented.items():
        for prefix, shown in zip(PROVIDERS, cells, strict=False):
            default = fields.get(f"{prefix}{name.lower()}", "-")
            assert shown.strip("`") == _shown(default), f"{prefix}{name}"
    readme = {name.lower() for name in rows_of("README.md") if not name.startswith("MAILBOX_")}
    assert readme - set(fields) == set()
    assert {f"{prefix}{part}" for prefix in PROVIDERS for part in ("client_id", "redirect_uri")} <= readme


def test_every_key_of_a_provider_is_documented_with_its_default() -> None:
    documented = rows_of(PAGE, "## Any other provider")
    assert list(documented) == list(ProviderTable.model_fields)
    for name, field in ProviderTable.model_fields.items():
        default = "required" if field.is_required() else _shown(field.default)
        assert documented[name][0].strip("`") == default, name


def _shown(default: object) -> str:
    if default is None or isinstance(default, str):
        return default or ""
    return json.dumps(default)


def test_the_example_of_a_provider_is_one(tmp_path: Path) -> None:
    [example] = re.findall(r"```toml\n(.*?)```", text_of(PAGE), re.DOTALL)
    (tmp_path / "providers.toml").write_text(example)
    (tmp_path / "acme.secret").write_text("CANARY-acme")
    [acme] = oauth_providers(load(oauth_providers_file=tmp_path / "providers.toml"))[2:]
    assert (acme.id, acme.configured, acme.imap_port) == ("acme", True, 993)


def test_the_settings_that_are_shown_for_providers_are_good_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = re.findall(r"^export (\w+)=(\S+)", text_of(PAGE), re.MULTILINE)
    assert {name.partition("_")[0] for name, _ in shown} == {"MAILBOX", "GOOGLE", "MICROSOFT"}
    for name, value in shown:
        monkeypatch.setenv(name, *shlex.split(value))
    settings = load()
    assert settings.model_fields_set == {name.lower().removeprefix("mailbox_") for name, _ in shown}
    assert [one.configured for one in oauth_providers(settings.model_copy(update=_NO_FILES))] == [True, True]


def test_what_to_do_about_each_oauth_error_is_documented() -> None:
    documented = rows_of(PAGE, "## When it goes wrong")
    reasons = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()[1:]}
    assert {reason for reason in reasons if reason.startswith("OAUTH_")} <= set(documented)
