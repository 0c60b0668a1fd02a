"""What is lost, added or renamed between the contract and contacts, groups and imports: nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from mailbox_svc.contacts.drafts import ExportForm, FilterWish, ImportOrder, Selection, TypedChanges
from mailbox_svc.contacts.rank import score_at
from mailbox_svc.errors import InvalidFields
from mailbox_svc.model.contact import (
    Contact,
    ContactAddress,
    Group,
    ImportResult,
    Kind,
    Order,
    Reason,
    ReasonCode,
    SkipReason,
    Typed,
)
from mailbox_svc.model.harvest import Policy
from mailbox_svc.rpc import convert_contact as convert
from mailboxes.v1 import contact_pb2
from mailboxes.v1 import contact_service_pb2 as pb
from mailboxes.v1.harvest_pb2 import CONTACT_POLICY_EVERYONE

AUTOMATED, PERSON, ROLE = (
    contact_pb2.CONTACT_KIND_AUTOMATED,
    contact_pb2.CONTACT_KIND_PERSON,
    contact_pb2.CONTACT_KIND_ROLE,
)
NOW = datetime(2026, 11, 23, 6, 0, 0, tzinfo=UTC)

CONTACT = Contact(
    id="8c6ed5a4-2b0c-4a53-9e60-6f1b42c0a0c5",
    user_id="ann",
    found_name="Jo Smith",
    alternate_names=("Jo", "J. Smith"),
    addresses=(
        ContactAddress("Jo@Example.org", "jo@example.org"),
        ContactAddress("jo@example.com", "jo@example.com"),
    ),
    kind=Kind.PERSON,
    reason=Reason(ReasonCode.WROTE_TO, "you wrote to them 4 times"),
    skipped=None,
    score=score_at(42, NOW),
    wrote_to=4,
    received=3,
    together=2,
    first_at=datetime(1969, 12, 31, 23, 59, 59, 500_000, UTC),
    last_at=datetime(2026, 11, 22, tzinfo=UTC),
    typed=Typed(display_name="Joanna", organization="Example", phone="+49 1", note="Büro 📫"),
    group_ids=("g1", "g2"),
    revision=5,
    etag="e1",
    created_at=NOW,
    updated_at=NOW,
)


def test_a_contact_is_shown_whole_with_its_rank_at_this_time() -> None:
    shown = MessageToDict(convert.contact_to_pb(CONTACT, NOW), always_print_fields_with_no_presence=True)
    assert shown == {
        "id": CONTACT.id,
        "displayName": "Joanna",
        "address": "Jo@Example.org",
        "addresses": [
            {"address": "Jo@Example.org", "matchKey": "jo@example.org"},
            {"address": "jo@example.com", "matchKey": "jo@example.com"},
        ],
        "kind": "CONTACT_KIND_PERSON",
        "reason": {"code": "CONTACT_REASON_CODE_WROTE_TO", "text": "you wrote to them 4 times"},
        "skippedBecause": "SKIP_REASON_UNSPECIFIED",
        "rank": 42,
        "wroteTo": 4,
        "received": 3,
        "seenTogether": 2,
        "firstAt": "1969-12-31T23:59:59.500Z",
        "lastAt": "2026-11-22T00:00:00Z",
        "alternateNames": ["Jo", "J. Smith"],
        "typed": {
            "displayName": "Joanna",
            "organization": "Example",
            "phone": "+49 1",
            "note": "Büro 📫",
        },
        "groupIds": ["g1", "g2"],
        "etag": "e1",
    }


def test_a_contact_with_endless_addresses_fits_into_a_message() -> None:
    many = tuple(ContactAddress(f"jo+{n:0200}@gmail.com", "jo@gmail.com") for n in range(50_000))
    shown = convert.contact_to_pb(replace(CONTACT, addresses=many), NOW)
    assert shown.address == many[0].written
    assert [one.address for one in shown.addresses] == [one.written for one in many[:100]]


def test_the_rank_falls_with_time() -> None:
    later = convert.contact_to_pb(CONTACT, NOW.replace(year=2030)).rank
    assert later < convert.contact_to_pb(CONTACT, NOW).rank


def test_what_is_not_known_is_absent_or_empty() -> None:
    bare = replace(CONTACT, found_name="", typed=Typed(), first_at=None, last_at=None)
    shown = convert.contact_to_pb(bare, NOW)
    assert shown.display_name == ""
    assert not any(shown.HasField(field) for field in ("typed", "first_at", "last_at"))


@pytest.mark.parametrize(
    ("contract", "prefix", "model"),
    [
        (contact_pb2.ContactKind, "CONTACT_KIND_", Kind),
        (contact_pb2.ContactReasonCode, "CONTACT_REASON_CODE_", ReasonCode),
        (contact_pb2.SkipReason, "SKIP_REASON_", SkipReason),
        (pb.ContactOrder, "CONTACT_ORDER_", Order),
        (pb.ExportFormat, "EXPORT_FORMAT_", ExportForm),
    ],
)
def test_the_contract_names_what_the_model_names(contract: Any, prefix: str, model: Any) -> None:
    named = {name.removeprefix(prefix) for name in contract.keys()}  # noqa: SIM118
    assert named - {"UNSPECIFIED"} == {member.name for member in model}


def test_every_kind_and_reason_has_its_namesake() -> None:
    for kind in Kind:
        value = convert.contact_to_pb(replace(CONTACT, kind=kind), NOW).kind
        assert contact_pb2.ContactKind.Name(value) == f"CONTACT_KIND_{kind.name}"
    for code in ReasonCode:
        reason = convert.contact_to_pb(replace(CONTACT, reason=Reason(code, "")), NOW).reason
        assert contact_pb2.ContactReasonCode.Name(reason.code) == f"CONTACT_REASON_CODE_{code.name}"
    for skipped in SkipReason:
        because = convert.contact_to_pb(replace(CONTACT, skipped=skipped), NOW).skipped_because
        assert contact_pb2.SkipReason.Name(because) == f"SKIP_REASON_{skipped.name}"
        assert convert.reasons_from_pb([because]) == {skipped}


def test_a_filter_tells_absent_from_empty() -> None:
    assert convert.filter_from_pb(pb.ContactFilter()) == FilterWish()
    empty = convert.filter_from_pb(pb.ContactFilter(group_id="", mailbox_id=""))
    assert (empty.group_id, empty.mailbox_id) == ("", "")
    full = pb.ContactFilter(group_id="g", mailbox_id="m", kinds=[PERSON, ROLE, PERSON], query="ann")
    assert convert.filter_from_pb(full) == FilterWish("g", "m", frozenset({Kind.PERSON, Kind.ROLE}), "ann")


def test_an_order_that_is_not_given_is_by_rank() -> None:
    assert convert.order_from_pb(pb.CONTACT_ORDER_UNSPECIFIED) is Order.RANK
    assert [convert.order_from_pb(value) for value in (1, 2, 3)] == [*Order]


def test_changes_tell_absent_from_empty() -> None:
    assert convert.changes_from_pb(pb.UpdateContactRequest(id="c")) == TypedChanges()
    empty = pb.UpdateContactRequest(id="c", display_name="", organization="", phone="", note="", etag="")
    assert convert.changes_from_pb(empty) == TypedChanges("", "", "", "", "")


def test_a_group_tells_absent_from_empty() -> None:
    absent = convert.group_from_pb(pb.SaveGroupRequest(name="Friends"))
    assert (absent.name, absent.id, absent.etag) == ("Friends", None, None)
    empty = convert.group_from_pb(pb.SaveGroupRequest(id="", etag=""))
    assert (empty.id, empty.etag) == ("", "")


def test_an_import_is_read_whole() -> None:
    assert convert.import_from_pb(pb.ImportContactsRequest()) == ImportOrder()
    selection = pb.ContactSelection(
        ids=["a", "b"],
        policy=CONTACT_POLICY_EVERYONE,
        kinds=[AUTOMATED],
        min_rank=7,
        query="ann",
        mailbox_id="m",
    )
    request = pb.ImportContactsRequest(group_name="Friends", selection=selection, dry_run=True)
    assert convert.import_from_pb(request) == ImportOrder(
        group_name="Friends",
        selection=Selection(
            ids=("a", "b"),
            policy=Policy.EVERYONE,
            kinds=frozenset({Kind.AUTOMATED}),
            min_rank=7,
            query="ann",
            mailbox_id="m",
        ),
        dry_run=True,
    )
    assert convert.import_from_pb(pb.ImportContactsRequest(group_id="g")).group_id == "g"


@pytest.mark.parametrize(
    ("read", "field"),
    [
        (lambda value: convert.filter_from_pb(pb.ContactFilter(kinds=[PERSON, value])), "filter.kinds"),
        (convert.form_from_pb, "format"),
        (lambda value: convert.reasons_from_pb([1, value]), "reasons"),
        (
            lambda value: convert.import_from_pb(
                pb.ImportContactsRequest(selection=pb.ContactSelection(kinds=[value]))
            ),
            "selection.kinds",
        ),
    ],
)
@pytest.mark.parametrize("value", [0, 99, -1])
def test_a_value_that_is_unspecified_or_unknown_is_refused_by_its_field(
    read: Any, field: str, value: int
) -> None:
    with pytest.raises(InvalidFields) as caught:
        read(value)
    assert [violation.field for violation in caught.value.violations] == [field]


@pytest.mark.parametrize("value", [99, -1])
def test_an_unknown_order_is_refused_by_its_field(value: int) -> None:
    with pytest.raises(InvalidFields) as caught:
        convert.order_from_pb(value)
    assert [violation.field for violation in caught.value.violations] == ["order"]


def test_a_group_is_shown_whole() -> None:
    group = Group("g", "ann", "Büro", 3, "e1", created_at=NOW, updated_at=NOW.replace(hour=7))
    assert MessageToDict(convert.group_to_pb(group)) == {
        "id": "g",
        "name": "Büro",
        "members": 3,
        "etag": "e1",
        "createdAt": "2026-11-23T06:00:00Z",
        "updatedAt": "2026-11-23T07:00:00Z",
    }


def test_an_import_is_shown_whole_without_reasons_that_nothing_had() -> None:
    result = ImportResult(
        None, 3, 2, 1, {SkipReason.NOT_FOUND: 5, SkipReason.AUTOMATED: 4, SkipReason.LIST: 0}
    )
    assert MessageToDict(convert.import_to_pb(result)) == {
        "added": 3,
        "updated": 2,
        "unchanged": 1,
        "skipped": [
            {"reason": "SKIP_REASON_AUTOMATED", "count": 4},
            {"reason": "SKIP_REASON_NOT_FOUND", "count": 5},
        ],
    }
