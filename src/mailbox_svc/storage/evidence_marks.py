"""Marks addresses whose contact has to be judged anew. Never judges, never counts."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import bindparam, func, or_, select, update

from mailbox_svc.storage.database import Executor
from mailbox_svc.storage.dialects import for_each_dialect, json_list
from mailbox_svc.storage.tables import addresses, folders, harvests, own_addresses, tallies

_a = addresses.c
_MARK = (
    update(addresses).where(_a.user_id == bindparam("for_user"), _a.changed.is_(False)).values(changed=True)
)
_KEYS_OF_MAILBOX = select(own_addresses.c.match_key).where(
    own_addresses.c.user_id == bindparam("for_user"),
    own_addresses.c.mailbox_id == bindparam("for_mailbox"),
)
_OF_FOLDER = _MARK.where(
    _a.id.in_(select(tallies.c.address_id).where(tallies.c.folder_id == bindparam("for_folder")))
)
_OF_MAILBOX = _MARK.where(
    or_(
        _a.id.in_(
            select(tallies.c.address_id)
            .join(folders, folders.c.id == tallies.c.folder_id)
            .where(
                folders.c.user_id == bindparam("for_user"), folders.c.mailbox_id == bindparam("for_mailbox")
            )
        ),
        _a.match_key.in_(_KEYS_OF_MAILBOX),
    )
)
_OF_KEYS = for_each_dialect(lambda dialect: _MARK.where(_a.match_key.in_(json_list(dialect, "keys"))))
_LOCK = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("for_user"), 1)))
_LOCK_HARVESTS = (
    select(harvests.c.id)
    .where(harvests.c.user_id == bindparam("for_user"), harvests.c.mailbox_id == bindparam("for_mailbox"))
    .order_by(harvests.c.id)
    .with_for_update()
)


class EvidenceMarks:
    """The marks of one user's addresses."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user = {"for_user": user_id}

    async def lock(self) -> None:
        """Keep other transactions from changing or judging the user's evidence until this one ends.

        Else one could clear a mark that another has just set, and its evidence would never be judged.
        """
        await self._executor.lock(_LOCK, self._user)

    async def of_folder(self, folder_id: int) -> None:
        await self.lock()
        await self._executor.run(_OF_FOLDER, self._user | {"for_folder": folder_id})

    async def of_mailbox(self, mailbox_id: str) -> None:
        """Mark what the mailbox has seen, and the user's own addresses that it taught."""
        mailbox = self._user | {"for_mailbox": mailbox_id}
        # In the order of a harvest's transactions, so that the two cannot wait for each other.
        await self._executor.lock(_LOCK_HARVESTS, mailbox)
        await self.lock()
        await self._executor.run(_OF_MAILBOX, mailbox)

    async def of_keys(self, match_keys: Iterable[str]) -> None:
        await self.lock()
        await self._executor.run(
            _OF_KEYS[self._executor.dialect], self._user | {"keys": json.dumps(list(match_keys))}
        )
