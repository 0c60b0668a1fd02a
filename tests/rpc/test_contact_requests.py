"""Requests to ContactService that are wrong, too large, or about what is another user's."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from mailbox_svc.model.contact import Typed
from mailboxes.v1 import contact_pb2
from mailboxes.v1 import contact_service_pb2 as pb
from support.contact_service import Service, addresses, contact_service
from support.contact_world import Seen
from support.rpc import BOB, failure_of


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with contact_service(tmp_path) as service:
        yield service


@pytest.mark.parametrize(
    ("method", "request_", "fields"),
    [
        ("ListContacts", pb.ListContactsRequest(page_size=1001), {"page_size"}),
        ("ListContacts", pb.ListContactsRequest(page_size=-1), {"page_size"}),
        ("ListContacts", pb.ListContactsRequest(page_token="CANARY-token"), {"page_token"}),
        ("ListContacts", pb.ListContactsRequest(order=99), {"order"}),  # type: ignore[arg-type]
        ("ListContacts", pb.ListContactsRequest(filter={"kinds": [0]}), {"filter.kinds"}),  # type: ignore[arg-type]
        ("ListContacts", pb.ListContactsRequest(filter={"query": "x" * 201}), {"filter.query"}),  # type: ignore[arg-type]
        ("ListSkipped", pb.ListSkippedRequest(page_size=1001), {"page_size"}),
        ("ListSkipped", pb.ListSkippedRequest(page_token="x"), {"page_token"}),
        ("ListSkipped", pb.ListSkippedRequest(reasons=[99]), {"reasons"}),  # type: ignore[list-item]
        ("GetContact", pb.GetContactRequest(), {"id"}),
        ("UpdateContact", pb.UpdateContactRequest(id="c", phone="x" * 51, note="\0"), {"phone", "note"}),
        ("DeleteContact", pb.DeleteContactRequest(), {"id"}),
        ("SaveGroup", pb.SaveGroupRequest(name=" ", id="no-uuid"), {"name", "id"}),
        ("DeleteGroup", pb.DeleteGroupRequest(), {"id"}),
        ("RemoveMembers", pb.RemoveMembersRequest(group_id="g", contact_ids=["c"] * 1001), {"contact_ids"}),
        ("ImportContacts", pb.ImportContactsRequest(), {"group_id"}),
        (
            "ImportContacts",
            pb.ImportContactsRequest(group_name="x", selection={"ids": ["c"] * 1001, "min_rank": 101}),  # type: ignore[arg-type]
            {"selection.ids", "selection.min_rank"},
        ),
        (
            "ImportContacts",
            pb.ImportContactsRequest(group_name="x", selection={"policy": 99}),  # type: ignore[arg-type]
            {"selection.policy"},
        ),
        ("ListDuplicates", pb.ListDuplicatesRequest(page_size=501), {"page_size"}),
        ("ListDuplicates", pb.ListDuplicatesRequest(page_size=-1), {"page_size"}),
        ("ListDuplicates", pb.ListDuplicatesRequest(page_token="CANARY-token"), {"page_token"}),
        ("ListDuplicates", pb.ListDuplicatesRequest(contact_id=""), {"contact_id"}),
        ("MergeContacts", pb.MergeContactsRequest(), {"ids"}),
        ("MergeContacts", pb.MergeContactsRequest(ids=["c", "c"]), {"ids"}),
        ("MergeContacts", pb.MergeContactsRequest(ids=[f"c{number}" for number in range(51)]), {"ids"}),
        ("UndoMerge", pb.UndoMergeRequest(), {"merge_id"}),
        ("DismissDuplicate", pb.DismissDuplicateRequest(first_id="c"), {"second_id"}),
        ("DismissDuplicate", pb.DismissDuplicateRequest(first_id="c", second_id="c"), {"second_id"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_wrong_in_a_request_is_named(
    service: Service, method: str, request_: Any, fields: set[str]
) -> None:
    failure = await failure_of(service.call(method, request_))
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert set(failure.violations) == fields
    assert "CANARY" not in repr(failure.violations)


@pytest.mark.parametrize("form", [pb.EXPORT_FORMAT_UNSPECIFIED, 99])
async def test_an_export_needs_a_format(service: Service, form: Any) -> None:
    failure = await failure_of(service.export(format=form))
    assert (failure.code, set(failure.violations)) == (grpc.StatusCode.INVALID_ARGUMENT, {"format"})


async def test_a_page_token_is_good_for_its_list_and_user_only(service: Service) -> None:
    page = await service.call("ListContacts", pb.ListContactsRequest(page_size=1))
    token = page.next_page_token
    for request in (
        pb.ListContactsRequest(page_token=token, order=pb.CONTACT_ORDER_NAME),
        pb.ListContactsRequest(page_token=token, filter=pb.ContactFilter(query="jo")),
    ):
        assert set((await failure_of(service.call("ListContacts", request))).violations) == {"page_token"}
    stolen = service.call("ListContacts", pb.ListContactsRequest(page_token=token), BOB)
    assert set((await failure_of(stolen)).violations) == {"page_token"}


async def test_the_greatest_page_fits_into_what_clients_take(service: Service) -> None:
    """A thousand contacts with the longest notes are twice as much."""
    many = [Seen(f"p{number}@example.org", sent_to=1) for number in range(998)]
    await service.world.see(service.mailbox, *many)
    longest = Typed(note="\U0001f4eb" * 2000)
    async with service.world.store.begin("ann") as tx:
        for listed in await service.world.listed():
            contact = await tx.contacts.find(listed.id)
            assert contact is not None
            await tx.contacts.update(replace(contact, typed=longest))
    seen: list[str] = []
    token = ""
    while True:
        page = await service.call(
            "ListContacts",
            pb.ListContactsRequest(page_size=1000, page_token=token, order=pb.CONTACT_ORDER_NAME),
        )
        assert page.ByteSize() < 4 * 1024 * 1024
        assert page.total_size == 1000
        seen += addresses(list(page.contacts))
        token = page.next_page_token
        if not token:
            break
    assert len(seen) == len(set(seen)) == 1000
    pieces = await service.export(format=pb.EXPORT_FORMAT_VCARD_4)
    assert max(map(len, pieces)) <= 256 * 1024
    assert all(piece.endswith(b"\n") for piece in pieces)


def naming(contact: str, group: str, mailbox: str, merge: str) -> list[tuple[str, str, Any]]:
    """All calls that name something of a user's: the reason to expect, the method, the request."""
    of_group, of_mailbox = pb.ContactFilter(group_id=group), pb.ContactFilter(mailbox_id=mailbox)
    from_mailbox = pb.ContactSelection(mailbox_id=mailbox)
    csv_format = pb.EXPORT_FORMAT_CSV
    return [
        ("CONTACT", "GetContact", pb.GetContactRequest(id=contact)),
        ("CONTACT", "UpdateContact", pb.UpdateContactRequest(id=contact, note="x")),
        ("CONTACT", "DeleteContact", pb.DeleteContactRequest(id=contact)),
        ("GROUP", "ListContacts", pb.ListContactsRequest(filter=of_group)),
        ("GROUP", "ListSkipped", pb.ListSkippedRequest(filter=of_group)),
        ("GROUP", "SaveGroup", pb.SaveGroupRequest(id=group, name="x", etag="e")),
        ("GROUP", "DeleteGroup", pb.DeleteGroupRequest(id=group)),
        ("GROUP", "RemoveMembers", pb.RemoveMembersRequest(group_id=group, contact_ids=[contact])),
        ("GROUP", "ImportContacts", pb.ImportContactsRequest(group_id=group)),
        ("GROUP", "ImportContacts", pb.ImportContactsRequest(group_id=group, dry_run=True)),
        ("GROUP", "ExportContacts", pb.ExportContactsRequest(filter=of_group, format=csv_format)),
        ("MAILBOX", "ListContacts", pb.ListContactsRequest(filter=of_mailbox)),
        ("MAILBOX", "ListSkipped", pb.ListSkippedRequest(filter=of_mailbox)),
        ("MAILBOX", "ImportContacts", pb.ImportContactsRequest(group_name="x", selection=from_mailbox)),
        ("MAILBOX", "ExportContacts", pb.ExportContactsRequest(filter=of_mailbox, format=csv_format)),
        ("CONTACT", "ListDuplicates", pb.ListDuplicatesRequest(contact_id=contact)),
        ("CONTACT", "MergeContacts", pb.MergeContactsRequest(ids=[contact, "another"])),
        ("CONTACT", "DismissDuplicate", pb.DismissDuplicateRequest(first_id=contact, second_id="another")),
        ("MERGE", "UndoMerge", pb.UndoMergeRequest(merge_id=merge)),
    ]


async def test_anothers_data_is_not_found_in_the_same_words_as_none_at_all(service: Service) -> None:
    """Every RPC of bob with ids of ann's, against ids that nobody has."""
    done = await service.call("ImportContacts", pb.ImportContactsRequest(group_name="Friends"))
    jo = await service.one("Jo@Example.org")
    kim = await service.one("kim@example.org")
    merge = await service.call("MergeContacts", pb.MergeContactsRequest(ids=[jo.id, kim.id]))
    before = (await service.contacts(), await service.call("ListGroups", pb.ListGroupsRequest()))

    async def answers(*ids: str) -> list[tuple[grpc.StatusCode, str, str]]:
        found = []
        for _, method, request in naming(*ids):
            if method == "ExportContacts":
                failure = await failure_of(anext(aiter(service.stream(method, request, BOB))))
            else:
                failure = await failure_of(service.call(method, request, BOB))
            found.append((failure.code, failure.reason, failure.message))
        return found

    anns = await answers(jo.id, done.group.id, service.mailbox.id, merge.merge_id)
    assert anns == await answers(*(str(uuid.uuid4()) for _ in range(4)))
    expected = [(grpc.StatusCode.NOT_FOUND, f"{kind}_NOT_FOUND") for kind, _, _ in naming("", "", "", "")]
    assert [(code, reason) for code, reason, _ in anns] == expected
    assert before == (await service.contacts(), await service.call("ListGroups", pb.ListGroupsRequest()))


def test_every_call_that_names_something_is_in_the_matrix() -> None:
    methods = {method.name for method in pb.DESCRIPTOR.services_by_name["ContactService"].methods}
    assert methods - {method for _, method, _ in naming("", "", "", "")} == {"ListGroups"}


async def test_another_user_sees_and_takes_nothing(service: Service) -> None:
    jo = await service.one("Jo@Example.org")
    group = await service.group()
    for method, request in (
        ("ListContacts", pb.ListContactsRequest()),
        ("ListSkipped", pb.ListSkippedRequest()),
    ):
        assert (await service.call(method, request, BOB)).total_size == 0
    assert list((await service.call("ListGroups", pb.ListGroupsRequest(), BOB)).groups) == []
    taken = await failure_of(service.call("SaveGroup", pb.SaveGroupRequest(id=group.id, name="Mine"), BOB))
    assert taken.reason == "GROUP_NOT_FOUND"
    selection = pb.ContactSelection(ids=[jo.id])
    done = await service.call(
        "ImportContacts", pb.ImportContactsRequest(group_name="Friends", selection=selection), BOB
    )
    [left_out] = done.skipped
    assert (done.added, left_out.reason) == (0, contact_pb2.SKIP_REASON_NOT_FOUND)
