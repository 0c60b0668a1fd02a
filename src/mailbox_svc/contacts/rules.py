"""What the fields of requests about contacts may hold. Reports every wrong field at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbox_svc.contacts.drafts import GroupDraft, ImportOrder, Selection, TypedChanges
from mailbox_svc.errors import FieldViolation, InvalidFields
from mailbox_svc.model.contact import Kind
from mailbox_svc.model.fields import has_control, is_uuid, stored_id

MAX_GROUPS = 1000
MAX_GROUP_NAME = 100
#: Contacts that may be named one by one in a call.
MAX_IDS = 1000
MAX_QUERY = 200
MAX_RANK = 100
DEFAULT_PAGE, MAX_PAGE = 100, 1000

#: In characters, and what each field is called.
_TYPED = {
    "display_name": (200, "name"),
    "organization": (200, "organization"),
    "phone": (50, "telephone number"),
    "note": (2000, "note"),
}


def checked_ids(given: Sequence[str], field: str) -> tuple[str, ...]:
    """Return the ids in their stored spelling, each once. Raises InvalidFields when there are too many."""
    if len(given) > MAX_IDS:
        raise InvalidFields(_too_many(field))
    return tuple(dict.fromkeys(stored_id(one) for one in given))


def checked_size(size: int) -> int:
    """Return how many contacts a page holds at most. Raises InvalidFields."""
    if not 0 <= size <= MAX_PAGE:
        raise InvalidFields(FieldViolation("page_size", f"The page size must be between 0 and {MAX_PAGE}."))
    return size or DEFAULT_PAGE


def checked_query(query: str, field: str) -> str:
    """Return the query with single blanks. Raises InvalidFields."""
    query = " ".join(query.split())
    if violations := [FieldViolation(field, sentence) for sentence in _wrong_query(query)]:
        raise InvalidFields(*violations)
    return query


def checked_changes(changes: TypedChanges) -> TypedChanges:
    """Return the changes in their stored spelling. Raises InvalidFields naming every wrong field."""
    trimmed = {
        name: text.replace("\r\n", "\n").strip()
        for name in _TYPED
        if (text := getattr(changes, name)) is not None
    }
    violations = [
        FieldViolation(name, sentence) for name, text in trimmed.items() for sentence in _wrong(name, text)
    ]
    if violations:
        raise InvalidFields(*violations)
    return replace(changes, **trimmed)


def checked_group(draft: GroupDraft) -> GroupDraft:
    """Return the draft in its stored spelling. Raises InvalidFields naming every wrong field."""
    draft = replace(draft, name=draft.name.strip())
    violations = [FieldViolation("name", sentence) for sentence in _wrong_group_name(draft.name)]
    if draft.id is not None and not is_uuid(draft.id):
        violations.append(FieldViolation("id", "The id must be a UUID."))
    if draft.id is None and draft.etag is not None:
        violations.append(FieldViolation("etag", "An etag needs the id of the group it was read from."))
    if violations:
        raise InvalidFields(*violations)
    return draft if draft.id is None else replace(draft, id=stored_id(draft.id))


def checked_import(order: ImportOrder) -> ImportOrder:
    """Return the order in its stored spelling. Raises InvalidFields naming every wrong field."""
    violations = [*_wrong_target(order), *_wrong_selection(order.selection)]
    if violations:
        raise InvalidFields(*violations)
    selection = replace(
        order.selection,
        ids=checked_ids(order.selection.ids, "selection.ids"),
        kinds=order.selection.kinds or frozenset({Kind.PERSON}),
        mailbox_id=order.selection.mailbox_id and stored_id(order.selection.mailbox_id),
    )
    return replace(
        order,
        group_id=order.group_id and stored_id(order.group_id),
        group_name=order.group_name and order.group_name.strip(),
        selection=selection,
    )


def _wrong_target(order: ImportOrder) -> Iterator[FieldViolation]:
    if order.group_name is not None:
        for sentence in _wrong_group_name(order.group_name.strip()):
            yield FieldViolation("group_name", sentence)
    elif not order.group_id:
        yield FieldViolation("group_id", "Say which group to import into, by id or by name.")


def _wrong_selection(selection: Selection) -> Iterator[FieldViolation]:
    if len(selection.ids) > MAX_IDS:
        yield _too_many("selection.ids")
    if not 0 <= selection.min_rank <= MAX_RANK:
        yield FieldViolation("selection.min_rank", f"A rank is between 0 and {MAX_RANK}.")
    for sentence in _wrong_query(" ".join(selection.query.split())):
        yield FieldViolation("selection.query", sentence)


def _wrong(name: str, text: str) -> Iterator[str]:
    longest, called = _TYPED[name]
    if len(text) > longest:
        yield f"The {called} may have at most {longest} characters."
    if has_control(text.replace("\n", " ") if name == "note" else text):
        allowed = " other than line breaks" if name == "note" else ""
        yield f"The {called} must not contain control characters{allowed}."


def _wrong_group_name(name: str) -> Iterator[str]:
    if not any(c.isprintable() and not c.isspace() for c in name):
        yield "Give the group a name."
    elif len(name) > MAX_GROUP_NAME:
        yield f"The name may have at most {MAX_GROUP_NAME} characters."
    elif has_control(name):
        yield "The name must not contain control characters."


def _too_many(field: str) -> FieldViolation:
    return FieldViolation(field, f"At most {MAX_IDS} contacts can be named at once.")


def _wrong_query(query: str) -> Iterator[str]:
    if len(query) > MAX_QUERY:
        yield f"The query may have at most {MAX_QUERY} characters."
    elif has_control(query):
        yield "The query must not contain control characters."
