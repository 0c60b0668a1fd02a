"""The RPCs of ContactService over the real parts: SQLite, use cases, and a server on a socket."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import vobject

from mailboxes.v1 import contact_pb2
from mailboxes.v1 import contact_service_pb2 as pb
from support.contact_service import JO, Service, addresses, contact_service
from support.logs import logs_as_in_production
from support.rpc import failure_of


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with contact_service(tmp_path) as service:
        yield service


async def test_contacts_are_listed_closest_first(service: Service) -> None:
    page = await service.call("ListContacts", pb.ListContactsRequest())
    jo, kim = page.contacts
    assert (page.total_size, page.next_page_token) == (2, "")
    assert (jo.address, jo.display_name, jo.wrote_to, jo.received) == ("Jo@Example.org", "Jo Smith", 3, 2)
    assert jo.kind == contact_pb2.CONTACT_KIND_PERSON
    assert jo.reason.code == contact_pb2.CONTACT_REASON_CODE_WROTE_TO
    assert jo.reason.text
    assert jo.rank > kim.rank > 0
    assert [one.match_key for one in jo.addresses] == ["jo@example.org"]


async def test_contacts_are_filtered_and_ordered(service: Service) -> None:
    assert addresses(await service.contacts(order=pb.CONTACT_ORDER_RECENT)) == [
        "Jo@Example.org",
        "kim@example.org",
    ]
    assert addresses(await service.contacts(filter=pb.ContactFilter(query="BERG"))) == ["kim@example.org"]
    role = pb.ContactFilter(kinds=[contact_pb2.CONTACT_KIND_ROLE])
    assert await service.contacts(filter=role) == []
    here = pb.ContactFilter(mailbox_id=service.mailbox.id)
    assert len(await service.contacts(filter=here)) == 2
    other = await service.world.mailbox()
    assert await service.contacts(filter=pb.ContactFilter(mailbox_id=other.id)) == []


async def test_pages_follow_one_another(service: Service) -> None:
    first = await service.call("ListContacts", pb.ListContactsRequest(page_size=1))
    assert (len(first.contacts), first.total_size) == (1, 2)
    second = await service.call(
        "ListContacts", pb.ListContactsRequest(page_size=1, page_token=first.next_page_token)
    )
    assert second.next_page_token == ""
    assert addresses([*first.contacts, *second.contacts]) == ["Jo@Example.org", "kim@example.org"]


async def test_what_was_skipped_is_listed_with_the_reason(service: Service) -> None:
    page = await service.call("ListSkipped", pb.ListSkippedRequest())
    assert {one.address: one.skipped_because for one in page.skipped} == {
        "news@example.com": contact_pb2.SKIP_REASON_AUTOMATED,
        "eve@example.net": contact_pb2.SKIP_REASON_NEVER_EXCHANGED,
    }
    assert page.total_size == 2
    only = pb.ListSkippedRequest(reasons=[contact_pb2.SKIP_REASON_AUTOMATED])
    [news] = (await service.call("ListSkipped", only)).skipped
    assert news.address == "news@example.com"


async def test_a_contact_is_changed_by_what_the_user_types(service: Service) -> None:
    jo = await service.one("Jo@Example.org")
    change = pb.UpdateContactRequest(id=jo.id, display_name="Joanna", note="two\nlines", etag=jo.etag)
    changed = (await service.call("UpdateContact", change)).contact
    assert (changed.display_name, changed.typed.note) == ("Joanna", "two\nlines")
    assert changed.etag != jo.etag
    assert (await service.call("GetContact", pb.GetContactRequest(id=jo.id))).contact == changed
    stale = await failure_of(service.call("UpdateContact", change))
    assert (stale.code, stale.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")


async def test_a_deleted_contact_is_gone_for_good(service: Service) -> None:
    jo = await service.one("Jo@Example.org")
    assert (await service.call("DeleteContact", pb.DeleteContactRequest(id=jo.id))).ok
    for method, request in (
        ("GetContact", pb.GetContactRequest(id=jo.id)),
        ("DeleteContact", pb.DeleteContactRequest(id=jo.id)),
    ):
        failure = await failure_of(service.call(method, request))
        assert (failure.code, failure.reason) == (grpc.StatusCode.NOT_FOUND, "CONTACT_NOT_FOUND")
    await service.world.see(service.mailbox, JO)
    assert addresses(await service.contacts()) == ["kim@example.org"]


async def test_a_group_is_saved_renamed_and_deleted(service: Service) -> None:
    group = await service.group()
    renamed = pb.SaveGroupRequest(id=group.id, name="Büro", etag=group.etag)
    saved = (await service.call("SaveGroup", renamed)).group
    assert (saved.id, saved.name) == (group.id, "Büro")
    assert list((await service.call("ListGroups", pb.ListGroupsRequest())).groups) == [saved]
    stale = await failure_of(service.call("SaveGroup", renamed))
    assert (stale.code, stale.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert (await service.call("DeleteGroup", pb.DeleteGroupRequest(id=group.id))).ok
    assert list((await service.call("ListGroups", pb.ListGroupsRequest())).groups) == []


async def test_two_groups_cannot_have_one_name(service: Service) -> None:
    await service.group("Friends")
    failure = await failure_of(service.group("FRIENDS"))
    assert (failure.code, failure.reason) == (grpc.StatusCode.ALREADY_EXISTS, "GROUP_NAME_TAKEN")


async def test_an_import_counts_and_may_be_repeated(service: Service) -> None:
    request = pb.ImportContactsRequest(group_name="Friends", dry_run=True)
    tried = await service.call("ImportContacts", request)
    assert not tried.HasField("group")
    done = await service.call("ImportContacts", pb.ImportContactsRequest(group_name="Friends"))
    assert (done.group.name, done.group.members) == ("Friends", 2)
    assert (done.added, done.updated, done.unchanged) == (tried.added, 0, 0) == (2, 0, 0)
    assert {one.reason: one.count for one in done.skipped} == {
        contact_pb2.SKIP_REASON_AUTOMATED: 1,
        contact_pb2.SKIP_REASON_NEVER_EXCHANGED: 1,
    }
    again = await service.call("ImportContacts", pb.ImportContactsRequest(group_id=done.group.id))
    assert (again.added, again.updated, again.unchanged, again.group.members) == (0, 0, 2, 2)
    members = await service.contacts(filter=pb.ContactFilter(group_id=done.group.id))
    assert [list(one.group_ids) for one in members] == [[done.group.id]] * 2


async def test_an_import_by_ids_takes_what_was_skipped(service: Service) -> None:
    eve = await service.one("eve@example.net")
    selection = pb.ContactSelection(ids=[eve.id, str(uuid.uuid4())])
    done = await service.call(
        "ImportContacts", pb.ImportContactsRequest(group_name="Friends", selection=selection)
    )
    assert (done.added, done.group.members) == (1, 1)
    [left_out] = done.skipped
    assert (left_out.reason, left_out.count) == (contact_pb2.SKIP_REASON_NOT_FOUND, 1)


async def test_members_are_taken_out_and_stay_contacts(service: Service) -> None:
    done = await service.call("ImportContacts", pb.ImportContactsRequest(group_name="Friends"))
    jo = await service.one("Jo@Example.org")
    request = pb.RemoveMembersRequest(group_id=done.group.id, contact_ids=[jo.id, "nobody"])
    assert (await service.call("RemoveMembers", request)).group.members == 1
    assert len(await service.contacts()) == 2


@pytest.mark.parametrize("form", [pb.EXPORT_FORMAT_VCARD_3, pb.EXPORT_FORMAT_VCARD_4])
async def test_an_export_is_a_file_of_cards(service: Service, form: pb.ExportFormat.ValueType) -> None:
    text = b"".join(await service.export(format=form)).decode()
    cards = list(vobject.readComponents(text))
    assert [card.fn.value for card in cards] == ["Jo Smith", "Kim Berg"]


async def test_an_export_is_a_table(service: Service) -> None:
    query = pb.ContactFilter(query="berg")
    text = b"".join(await service.export(format=pb.EXPORT_FORMAT_CSV, filter=query)).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 2
    assert "kim@example.org" in rows[1]


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
async def test_no_name_address_or_text_is_logged(
    level: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logs_as_in_production(level):
        async with contact_service(tmp_path) as service:
            jo = await service.one("Jo@Example.org")
            await service.contacts(filter=pb.ContactFilter(query="berg"))
            await service.call("UpdateContact", pb.UpdateContactRequest(id=jo.id, note="an old friend"))
            await failure_of(
                service.call("UpdateContact", pb.UpdateContactRequest(id=jo.id, note="\0friend"))
            )
            await service.call("ImportContacts", pb.ImportContactsRequest(group_name="Friends"))
            await failure_of(service.group("friends"))
            await service.export(format=pb.EXPORT_FORMAT_VCARD_4)
            kim = await service.one("kim@example.org")
            await service.call("ListDuplicates", pb.ListDuplicatesRequest(contact_id=jo.id))
            merge = await service.call("MergeContacts", pb.MergeContactsRequest(ids=[jo.id, kim.id]))
            await service.call("UndoMerge", pb.UndoMergeRequest(merge_id=merge.merge_id))
            pair = pb.DismissDuplicateRequest(first_id=jo.id, second_id=kim.id)
            await service.call("DismissDuplicate", pair)
            await service.call("DeleteContact", pb.DeleteContactRequest(id=jo.id))
        written = "".join(capsys.readouterr()).lower()
    assert "/mailboxes.v1.contactservice/importcontacts" in written
    assert [word for word in ("jo@", "smith", "berg", "friend", "eve@", "news@") if word in written] == []
