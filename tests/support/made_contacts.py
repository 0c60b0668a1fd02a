"""Contacts as a store gives them, made without one."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mailbox_svc.model.contact import Contact, ContactAddress, Kind, Reason, ReasonCode, Typed

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

#: Names that files get wrong: scripts, right to left, joined emoji, separators, quotes, escapes, formulas.
HARD_NAMES = (
    "Åsa Öberg-Müller",
    "Мария Иванова",
    "Νίκος Παπαδόπουλος",
    "田中 太郎",
    "김 철수",
    "فاطمة الزهراء",
    "דוד לוי",
    "👩‍👩‍👧 Family 🏳️‍🌈",
    "Berg, Anna; the \\ 2nd",
    'Anna "Annie" Berg',
    "=HYPERLINK(1)",
    "\uff2a\uff4f\uff48\uff4e \uff24\uff4f\uff45",
    "O'Neil\u00a0Smith",
    "\u202bאבג\u202c",
    "Z̴̢͝algo",
    "ﷺ",
    "A" * 75,
    "漢" * 100,
    "é" * 37 + "x",
)


def contact_of(
    name: str = "Anna Berg", *addresses: str, typed: Typed | None = None, **changes: Any
) -> Contact:
    """Return a person whose name was found in mail."""
    made = Contact(
        id=str(uuid.uuid4()),
        user_id="ann",
        found_name=name,
        alternate_names=(),
        addresses=tuple(ContactAddress(one, one.lower()) for one in addresses or ("anna@example.org",)),
        kind=Kind.PERSON,
        reason=Reason(ReasonCode.WROTE_TO, "you wrote to them 4 times"),
        skipped=None,
        score=60.0,
        wrote_to=4,
        received=3,
        together=2,
        first_at=datetime(2020, 1, 2, 23, 59, tzinfo=UTC),
        last_at=datetime(2026, 11, 20, tzinfo=UTC),
        typed=typed or Typed(),
        group_ids=(),
        revision=1,
        etag="etag-1",
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(made, **changes)
