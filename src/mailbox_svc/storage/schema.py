"""Says where a database's schema stands against the migrations of this release."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from mailbox_svc.errors import ConfigError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The revision found in the database, if any, and the newest one this release brings."""

    current: str | None
    head: str

    @property
    def behind(self) -> bool:
        """False for a revision of a newer release: migrations keep the release before them working."""
        return self.current is None or (self.current != self.head and self.current in _revisions())


def alembic_config() -> Config:
    """Return alembic's settings; there is no alembic.ini, the scripts lie in the package."""
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


def state(current: str | None) -> SchemaState:
    return SchemaState(current=current, head=_revisions()[0])


def refuse_old_schema(current: str | None) -> None:
    """Raise ConfigError when the database lacks migrations of this release."""
    found = state(current)
    if found.behind:
        raise ConfigError("The database is not of this release: run 'mailbox-svc migrate'.")
    if found.current != found.head:
        _log.warning("the database is of a newer release", extra={"revision": found.current})


@cache
def _revisions() -> tuple[str, ...]:
    """Return all revisions, the newest first."""
    scripts = ScriptDirectory.from_config(alembic_config())
    return tuple(script.revision for script in scripts.walk_revisions())
