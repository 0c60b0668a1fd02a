"""The settings of `serve --dev` and `demo`: nothing needs to be prepared, nothing is fit for production.

Commands with `--dev` find the service by them.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from mailbox_svc.cli.deferred import vault
from mailbox_svc.config import Settings, load
from mailbox_svc.errors import ConfigError, os_reason

DEV_FOLDER = Path("mailbox-data")
#: The user that the token printed by `serve --dev` stands for.
DEV_USER = "dev-user"
#: Said where the page would be.
NO_PAGE = "No Integrations page: it was not built, which needs Node 20.19 or newer."


def dev_settings(folder: Path, **overrides: Any) -> Settings:
    """Return settings whose keys and database live in `folder`, made now if they are not there.

    Settings from the environment win; `overrides` win over both.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigError(f"Cannot make {folder}: {os_reason(exc)}.") from None
    wished = load()
    defaults: dict[str, Any] = {
        "database_url": f"sqlite:///{(folder / 'mailbox.sqlite3').resolve()}",
        "keyring_file": _keyring(folder / "keyring.json"),
        "jwt_secret_file": _jwt_secret(_secret_of(folder)),
        "egress_allow": "127.0.0.0/8,::1/128",
        "egress_ports": tuple(range(1, 65536)),
        "reflection": True,
        "log_format": "console",
        "shutdown_notice": 0.0,
        "shutdown_grace": 2.0,
    }
    if wished.jwt_jwks_url is not None:
        del defaults["jwt_secret_file"]
    unset = {name: value for name, value in defaults.items() if name not in wished.model_fields_set}
    return load(**{**unset, **overrides})


def existing_dev_settings(folder: Path) -> Settings:
    """Return the settings of the `serve --dev` that keeps its files in `folder`. Raises ConfigError."""
    if not _secret_of(folder).exists():
        raise ConfigError(f"'serve --dev' has not run with {folder}; say where with --data-dir.")
    return dev_settings(folder)


def _secret_of(folder: Path) -> Path:
    return folder / "jwt-secret"


def _keyring(path: Path) -> Path:
    if not path.exists():
        vault.add_key(path)
    return path


def _jwt_secret(path: Path) -> Path:
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path
