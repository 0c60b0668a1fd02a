"""Files that settings point at."""

from __future__ import annotations

from pathlib import Path

from mailbox_svc.errors import ConfigError, os_reason


def read_text(path: Path) -> str:
    """Return a file's content. Raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"Cannot read {path}: {_why(exc)}.") from None


def read_line(path: Path) -> str:
    """Return a secret file's content without surrounding white space. Raises ConfigError."""
    return read_text(path).strip()


def _why(exc: Exception) -> str:
    return os_reason(exc) if isinstance(exc, OSError) else "not UTF-8 text"
