"""The folders of one user, as rows: how far each was read, and the keys of the messages that count."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    true,
    update,
)

from mailbox_svc.errors import MailboxNotFound
from mailbox_svc.model.address import match_key
from mailbox_svc.model.harvest import FolderPosition
from mailbox_svc.model.tally import Chunk
from mailbox_svc.storage.database import DialectName, Executor, Statement
from mailbox_svc.storage.dialects import as_rows, for_each_dialect, insert_into, json_rows
from mailbox_svc.storage.evidence_marks import EvidenceMarks
from mailbox_svc.storage.tables import folder_keys, folders, mailboxes, own_addresses
from mailbox_svc.storage.tally_rows import TallyRows

#: A row of keys that is longer is not added to: small runs fill it up, large ones do not copy it.
_KEYS_IN_A_ROW = 16 * 1024

_f = folders.c
_k = folder_keys.c
_m = mailboxes.c
_o = own_addresses.c
_MAILBOX = (_m.user_id == bindparam("for_user"), _m.id == bindparam("for_mailbox"))
_THIS = (_f.user_id == bindparam("for_user"), _f.id == bindparam("for_folder"))
_KEYS_OF_THIS = (_k.user_id == bindparam("for_user"), _k.folder_id == bindparam("for_folder"))
_SELECT = select(_f.id, _f.raw_name, _f.uidvalidity, _f.last_uid, _f.highestmodseq, _f.counted, _f.duplicates)
_ALL = _SELECT.where(_f.user_id == bindparam("for_user"), _f.mailbox_id == bindparam("for_mailbox")).order_by(
    _f.id
)
_ADD = (
    insert(folders)
    .from_select(
        ["user_id", "mailbox_id", "raw_name", "uidvalidity", "last_uid", "counted", "duplicates"],
        select(
            _m.user_id,
            _m.id,
            bindparam("raw_name", type_=LargeBinary),
            bindparam("uidvalidity", type_=BigInteger),
            *(bindparam(name, 0, type_=BigInteger) for name in ("last_uid", "counted", "duplicates")),
        ).where(*_MAILBOX),
    )
    .returning(_f.id)
)
_TAKE_BACK = delete(folders).where(*_THIS)
_ADVANCE = (
    update(folders)
    .where(*_THIS)
    .values(
        last_uid=bindparam("last_uid"),
        counted=_f.counted + bindparam("counted", type_=BigInteger),
        duplicates=_f.duplicates + bindparam("duplicates", type_=BigInteger),
    )
)
_SET_MODSEQ = update(folders).where(*_THIS).values(highestmodseq=bindparam("highestmodseq"))
_LAST_KEYS = select(_k.seq, func.length(_k["keys"])).where(*_KEYS_OF_THIS).order_by(_k.seq.desc()).limit(1)
_NEW_KEYS = insert(folder_keys).values(
    {column.name: bindparam(column.name) for column in folder_keys.columns}
)
_MORE_KEYS = (
    update(folder_keys)
    .where(*_KEYS_OF_THIS, _k.seq == bindparam("for_seq"))
    .values({"keys": cast(_k["keys"].op("||")(bindparam("more", type_=LargeBinary)), LargeBinary)})
)
_KEYS = (
    select(_k["keys"])
    .join(folders, _f.id == _k.folder_id)
    .where(
        _k.user_id == bindparam("for_user"),
        _f.user_id == bindparam("for_user"),
        _f.mailbox_id == bindparam("for_mailbox"),
    )
    .order_by(_k.folder_id, _k.seq)
)
_OWN = select(_o.mailbox_id, _o.address).where(_o.user_id == bindparam("for_user"))


def _add_own(dialect: DialectName) -> Statement:
    new = json_rows(dialect, (Text(), Text()))
    row = select(_m.user_id, _m.id, *new.columns).join_from(mailboxes, new.source, true()).where(*_MAILBOX)
    return (
        insert_into(own_addresses, dialect)
        .from_select(["user_id", "mailbox_id", "address", "match_key"], row)
        .on_conflict_do_nothing(index_elements=[_o.user_id, _o.mailbox_id, _o.address])
    )


_ADD_OWN = for_each_dialect(_add_own)


class FolderRows:
    """Satisfies `ports.harvests.FolderRepository`."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user_id = user_id
        self._marks = EvidenceMarks(executor, user_id)

    async def all(self, mailbox_id: str) -> list[FolderPosition]:
        return [FolderPosition(*row) for row in await self._executor.run(_ALL, self._of(mailbox_id))]

    async def add(self, mailbox_id: str, raw_name: bytes, uidvalidity: int) -> FolderPosition:
        rows = await self._executor.run(
            _ADD, self._of(mailbox_id) | {"raw_name": raw_name, "uidvalidity": uidvalidity}
        )
        if not rows:
            raise MailboxNotFound
        return FolderPosition(
            id=rows[0][0],
            raw_name=raw_name,
            uidvalidity=uidvalidity,
            last_uid=0,
            highestmodseq=None,
            counted=0,
            duplicates=0,
        )

    async def take_back(self, folder_id: int) -> None:
        await self._marks.of_folder(folder_id)
        await self._executor.run(_TAKE_BACK, self._this(folder_id))

    async def commit(self, folder_id: int, chunk: Chunk) -> None:
        moved = {"last_uid": chunk.last_uid, "counted": chunk.counted, "duplicates": chunk.duplicates}
        await self._executor.run(_ADVANCE, self._this(folder_id) | moved)
        if chunk.keys:
            await self._keep_keys(folder_id, chunk.keys)
        if chunk.addresses:
            await self._marks.lock()
            await TallyRows(self._executor, self._user_id).add(folder_id, chunk.addresses, chunk.names)

    async def set_highestmodseq(self, folder_id: int, value: int | None) -> None:
        await self._executor.run(_SET_MODSEQ, self._this(folder_id) | {"highestmodseq": value})

    async def message_keys(self, mailbox_id: str) -> Sequence[bytes]:
        return [keys for (keys,) in await self._executor.run(_KEYS, self._of(mailbox_id))]

    async def own_addresses(self) -> dict[str, set[str]]:
        own: dict[str, set[str]] = {}
        for mailbox_id, address in await self._executor.run(_OWN, {"for_user": self._user_id}):
            own.setdefault(mailbox_id, set()).add(address)
        return own

    async def add_own_addresses(self, mailbox_id: str, addresses: Sequence[str]) -> None:
        rows = [(address, match_key(address)) for address in addresses]
        statement = _ADD_OWN[self._executor.dialect]
        await self._executor.run(statement, self._of(mailbox_id) | as_rows(rows))
        await self._marks.of_keys(key for _, key in rows)

    async def _keep_keys(self, folder_id: int, keys: bytes) -> None:
        last = await self._executor.run(_LAST_KEYS, self._this(folder_id))
        seq, length = last[0] if last else (0, _KEYS_IN_A_ROW)
        if length < _KEYS_IN_A_ROW:
            await self._executor.run(_MORE_KEYS, self._this(folder_id) | {"for_seq": seq, "more": keys})
        else:
            row = {"folder_id": folder_id, "seq": seq + 1, "user_id": self._user_id, "keys": keys}
            await self._executor.run(_NEW_KEYS, row)

    def _this(self, folder_id: int) -> dict[str, object]:
        return {"for_user": self._user_id, "for_folder": folder_id}

    def _of(self, mailbox_id: str) -> dict[str, object]:
        return {"for_user": self._user_id, "for_mailbox": mailbox_id}
