"""Moving in: mailboxes from the JSON that users have today, safe to repeat.

The input is one object, or JSON lines of objects, of user id → array of
`{id, label, host, port, tls, user, password, status?, lastTestedAt?, lastError?}`.
A row that is already there is left as it is, so that a repeated import undoes no later change.
A bad row is reported with its line and skipped; no report ever holds a value of the row.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from mailbox_svc.errors import FieldViolation, InvalidFields, MailboxNotFound, TooManyMailboxes
from mailbox_svc.mailboxes.changes import new_mailbox
from mailbox_svc.mailboxes.credentials import put_password
from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.mailboxes.json_rows import BadText, Row, rows
from mailbox_svc.mailboxes.rules import MAX_MAILBOXES, checked, checked_user_id
from mailbox_svc.model.mailbox import Mailbox, Status
from mailbox_svc.model.secret import Secret
from mailbox_svc.ports import Clock, Store, Vault

#: Ids that are no UUID become one, always the same for the same user and id.
_NAMESPACE = uuid.UUID("6f1d3c5e-7c0b-5c9a-9d0e-2f5a7b1c4e8d")
_STATUSES = {"ok": Status.OK, "error": Status.ERROR, "pending": Status.PENDING}
_MAX_ERROR = 500
#: Larger numbers are milliseconds (JavaScript), smaller ones seconds; the border is the year 5138.
_MILLISECONDS_FROM = 1e11


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was skipped: the line it starts on (from 1) and why, without any of its values."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did."""

    added: int
    already_there: int
    bad: tuple[BadRow, ...]


async def import_mailboxes(
    text: str,
    store: Store,
    vault: Vault,
    *,
    clock: Clock,
    on_row: Callable[[], None] = lambda: None,
) -> ImportResult:
    """Import every good row of `text`, one transaction each. Raises StorageUnavailable."""
    added = already_there = 0
    bad: list[BadRow] = []
    for row in rows(text):
        on_row()
        if isinstance(row, BadText):
            bad.append(BadRow(row.line, row.reason))
            continue
        try:
            if await _import_row(row, store, vault, clock()):
                added += 1
            else:
                already_there += 1
        except (InvalidFields, TooManyMailboxes) as exc:
            bad.append(BadRow(row.line, exc.message))
        except MailboxNotFound:
            bad.append(BadRow(row.line, "Another user already has a mailbox with this id."))
    return ImportResult(added, already_there, tuple(bad))


async def _import_row(row: Row, store: Store, vault: Vault, now: datetime) -> bool:
    mailbox, password = _from_row(row, now)
    async with store.begin(mailbox.user_id) as tx:
        if await tx.mailboxes.find(mailbox.id) is not None:
            return False
        if await tx.mailboxes.count() >= MAX_MAILBOXES:
            raise TooManyMailboxes
        await tx.mailboxes.insert(mailbox)
        await put_password(tx, vault, mailbox, password)
    return True


def _from_row(row: Row, now: datetime) -> tuple[Mailbox, Secret]:
    """Apply the rules of Save. Raises InvalidFields."""
    value = row.value
    if not isinstance(value, dict):
        raise InvalidFields(FieldViolation("", "A mailbox must be an object."))
    if violations := tuple(_type_violations(value)):
        raise InvalidFields(*violations)
    user_id = checked_user_id(row.user_id)
    draft = Draft(
        id=_uuid_for(user_id, value),
        label=value["label"],
        host=value["host"],
        port=int(value["port"]),
        tls=value["tls"],
        user=value["user"],
        password=Secret(value["password"]),
    )
    wanted = checked(draft)
    if wanted.password is None or wanted.id is None:
        raise InvalidFields(FieldViolation("password", "A mailbox needs its password."))
    mailbox = replace(
        new_mailbox(user_id, wanted.id, wanted.label, wanted.destination, now=now),
        status=_STATUSES[value.get("status") or "pending"],
        last_tested_at=_time(value.get("lastTestedAt")),
        last_error=_plain(value.get("lastError") or ""),
    )
    return mailbox, wanted.password


def _type_violations(value: dict[str, Any]) -> Iterator[FieldViolation]:
    """Yield what is wrong with the JSON types; the values are left to the rules of Save."""
    for name in ("label", "host", "user", "password"):
        if not isinstance(value.get(name), str):
            yield FieldViolation(name, f"The field {name} must be a text.")
    port = value.get("port")
    if isinstance(port, bool) or not (isinstance(port, int) or (isinstance(port, str) and _is_digits(port))):
        yield FieldViolation("port", "The field port must be a whole number.")
    if not isinstance(value.get("tls"), bool):
        yield FieldViolation("tls", "The field tls must be true or false.")
    if not isinstance(value.get("id", ""), str | int | None):
        yield FieldViolation("id", "The field id must be a text.")
    if (value.get("status") or "pending") not in _STATUSES:
        yield FieldViolation("status", "The field status must be ok, error or pending.")
    if not isinstance(value.get("lastError", ""), str | None):
        yield FieldViolation("lastError", "The field lastError must be a text.")
    try:
        _time(value.get("lastTestedAt"))
    except (ValueError, OverflowError, OSError):
        yield FieldViolation("lastTestedAt", "The field lastTestedAt must be an ISO 8601 time.")


def _uuid_for(user_id: str, value: dict[str, Any]) -> str:
    """Return the row's id when it is a UUID, else one that is the same at every import."""
    given = value.get("id")
    if given in (None, ""):
        given = "|".join(str(value[name]) for name in ("host", "port", "user"))
    try:
        return str(uuid.UUID(str(given)))
    except ValueError:
        return str(uuid.uuid5(_NAMESPACE, f"{len(user_id)}:{user_id}:{given}"))


def _time(value: object) -> datetime | None:
    """Read an ISO 8601 text (without a zone: UTC) or a Unix time in seconds or milliseconds."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS_FROM else value, tz=UTC)
    raise ValueError


def _plain(text: str) -> str:
    """Old services stored raw server text; keep it readable and harmless."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_MAX_ERROR]


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5
