"""Filters, orders and pages of contacts as statements. Each shape is built once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Float, Text, bindparam, exists, func, or_, select

from mailbox_svc.model.contact import Filter, Order
from mailbox_svc.storage.columns import KEPT
from mailbox_svc.storage.database import DialectName, Statement
from mailbox_svc.storage.dialects import json_list, json_texts
from mailbox_svc.storage.tables import addresses, contacts, folders, group_members, tallies

_c = contacts.c
_SORTED_BY = {Order.RANK: _c.score, Order.RECENT: _c.last_at, Order.NAME: _c.sort_key}
_ASCENDING = {Order.NAME}
_ALL = [column.name for column in contacts.columns]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a filter restricts, without the values."""

    kept: bool | None
    group: bool
    mailbox: bool
    kinds: bool
    words: bool
    skipped: bool
    min_score: bool
    ids: bool


def page_of(dialect: DialectName, which: Filter, order: Order, *, further: bool) -> Statement:
    """Return the statement of a page; `further` is one that comes after a cursor."""
    return _page(dialect, _shape(which), order, further=further)


def count_of(dialect: DialectName, which: Filter) -> Statement:
    return _count(dialect, _shape(which))


def parameters_of(which: Filter) -> dict[str, object]:
    """Return the values of what the filter restricts."""
    values: dict[str, object] = {
        "for_group": which.group_id,
        "for_mailbox": which.mailbox_id,
        "kinds": json.dumps([kind.value for kind in which.kinds]) if which.kinds else None,
        "words": json.dumps(which.words, ensure_ascii=False) if which.words else None,
        "reasons": json.dumps([reason.value for reason in which.skipped]) if which.skipped else None,
        "min_score": which.min_score,
        "ids": None if which.ids is None else json.dumps(list(which.ids)),
    }
    return {name: value for name, value in values.items() if value is not None}


def _shape(which: Filter) -> _Shape:
    return _Shape(
        kept=which.kept,
        group=which.group_id is not None,
        mailbox=which.mailbox_id is not None,
        kinds=bool(which.kinds),
        words=bool(which.words),
        skipped=bool(which.skipped),
        min_score=which.min_score is not None,
        ids=which.ids is not None,
    )


@cache
def _page(dialect: DialectName, shape: _Shape, order: Order, *, further: bool) -> Statement:
    value = _SORTED_BY[order]
    statement = select(*(_c[name] for name in _ALL)).where(*_criteria(dialect, shape))
    if further:
        mark = bindparam("after_value", type_=value.type)
        beyond = value > mark if order in _ASCENDING else value < mark
        # Said twice over: an index is entered at the first, which the second alone would not allow.
        at_or_beyond = value >= mark if order in _ASCENDING else value <= mark
        statement = statement.where(at_or_beyond, or_(beyond, _c.id > bindparam("after_id")))
    return statement.order_by(value if order in _ASCENDING else value.desc(), _c.id).limit(bindparam("most"))


@cache
def _count(dialect: DialectName, shape: _Shape) -> Statement:
    return select(func.count()).select_from(contacts).where(*_criteria(dialect, shape))


def _criteria(dialect: DialectName, shape: _Shape) -> list[ColumnElement[bool]]:
    criteria: list[ColumnElement[bool]] = [_c.user_id == bindparam("for_user")]
    if shape.kept is not None:
        # In the words of the partial indexes, or they would not serve.
        criteria.append(KEPT if shape.kept else _c.skipped.is_not(None))  # type: ignore[arg-type]
    if shape.group:
        criteria.append(_in_group())
    if shape.mailbox:
        criteria.append(_seen_in_mailbox())
    if shape.kinds:
        criteria.append(_c.kind.in_(json_list(dialect, "kinds")))
    if shape.words:
        criteria.append(_has_words(dialect))
    if shape.skipped:
        criteria.append(_c.skipped.in_(json_list(dialect, "reasons")))
    if shape.min_score:
        criteria.append(_c.score >= bindparam("min_score", type_=Float))
    if shape.ids:
        criteria.append(_c.id.in_(json_list(dialect, "ids")))
    return criteria


def _in_group() -> ColumnElement[bool]:
    member = group_members.c
    return exists().where(
        member.group_id == bindparam("for_group"), member.contact_id == _c.id, member.user_id == _c.user_id
    )


def _seen_in_mailbox() -> ColumnElement[bool]:
    return (
        exists()
        .select_from(addresses)
        .where(
            addresses.c.contact_id == _c.id,
            addresses.c.user_id == _c.user_id,
            tallies.c.address_id == addresses.c.id,
            folders.c.id == tallies.c.folder_id,
            folders.c.mailbox_id == bindparam("for_mailbox"),
        )
    )


def _has_words(dialect: DialectName) -> ColumnElement[bool]:
    """Find each word anywhere; not by LIKE, to which some characters mean more than themselves."""
    source, word = json_texts(dialect, "words")
    place: Any = func.instr if dialect == "sqlite" else func.strpos
    return ~exists().select_from(source).where(place(_c.search, word, type_=Text) == 0)
