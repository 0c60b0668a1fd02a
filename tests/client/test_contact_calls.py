"""What the clients send about contacts and groups; each test runs with both clients."""

from __future__ import annotations

from typing import Any, get_args

import grpc
import pytest

import mailboxes
from mailboxes import _contact_calls
from mailboxes.v1 import contact_pb2
from mailboxes.v1 import contact_service_pb2 as pb
from mailboxes.v1.contact_pb2 import Contact, ContactKind, Group, SkipReason
from mailboxes.v1.harvest_pb2 import ContactPolicy
from support.scripted_service import Abort, Both, Script

PERSON, ROLE = ContactKind.CONTACT_KIND_PERSON, ContactKind.CONTACT_KIND_ROLE
FILTER: dict[str, Any] = {
    "group_id": "g",
    "mailbox_id": "m",
    "kinds": ["person", "role"],
    "query": "ann b",
}
FILTER_SENT = pb.ContactFilter(group_id="g", mailbox_id="m", kinds=[PERSON, ROLE], query="ann b")


def ids(contacts: list[Contact]) -> list[str]:
    return [contact.id for contact in contacts]


async def test_all_pages_of_a_list_are_read_with_the_same_filter(script: Script, client: Both) -> None:
    script.answers = [
        pb.ListContactsResponse(contacts=[Contact(id="1"), Contact(id="2")], next_page_token="t"),
        pb.ListContactsResponse(contacts=[Contact(id="3")]),
    ]
    assert ids(await client.all("list_contacts", order="recent", **FILTER)) == ["1", "2", "3"]
    first, second = (call.request for call in script.received)
    assert first == pb.ListContactsRequest(filter=FILTER_SENT, order=pb.CONTACT_ORDER_RECENT, page_size=1000)
    assert second == pb.ListContactsRequest(
        filter=FILTER_SENT, order=pb.CONTACT_ORDER_RECENT, page_size=1000, page_token="t"
    )


async def test_a_list_that_is_left_asks_for_no_more_pages(script: Script, client: Both) -> None:
    script.answers = [pb.ListContactsResponse(contacts=[Contact(id="1")], next_page_token="t")]
    assert (await client.first("list_contacts")).id == "1"
    assert len(script.received) == 1


async def test_one_page_comes_with_its_token_and_the_total(script: Script, client: Both) -> None:
    page = pb.ListContactsResponse(contacts=[Contact(id="1")], next_page_token="u", total_size=7)
    script.answers = [page]
    assert await client.call("contacts_page", 1, "t", query="ann") == page
    request = script.received[0].request
    assert (request.page_size, request.page_token, request.filter.query) == (1, "t", "ann")


async def test_what_is_not_given_is_not_sent(script: Script, client: Both) -> None:
    await client.call("contacts_page")
    request = script.received[0].request
    assert (request.page_size, request.page_token) == (0, "")
    assert not request.filter.HasField("group_id")
    assert not request.filter.HasField("mailbox_id")
    assert request.filter == pb.ContactFilter()


async def test_all_pages_of_what_was_skipped_are_read(script: Script, client: Both) -> None:
    script.answers = [
        pb.ListSkippedResponse(skipped=[Contact(id="1")], next_page_token="t"),
        pb.ListSkippedResponse(skipped=[Contact(id="2")]),
    ]
    found = await client.all("list_skipped", reasons=["automated", "never_wrote_to"], **FILTER)
    assert ids(found) == ["1", "2"]
    reasons = [SkipReason.SKIP_REASON_AUTOMATED, SkipReason.SKIP_REASON_NEVER_WROTE_TO]
    first, second = (call.request for call in script.received)
    assert first == pb.ListSkippedRequest(filter=FILTER_SENT, reasons=reasons, page_size=1000)
    assert (second.page_token, list(second.reasons)) == ("t", reasons)


async def test_a_contact_is_had_by_its_id(script: Script, client: Both) -> None:
    script.answers = [pb.GetContactResponse(contact=Contact(id="c"))]
    assert await client.call("get_contact", "c") == Contact(id="c")
    assert script.received[0].request == pb.GetContactRequest(id="c")


async def test_only_the_fields_that_are_given_are_changed(script: Script, client: Both) -> None:
    script.answers = [pb.UpdateContactResponse(contact=Contact(id="c"))]
    assert await client.call("update_contact", "c", note="", phone=None, etag="e") == Contact(id="c")
    request = script.received[0].request
    assert request == pb.UpdateContactRequest(id="c", note="", etag="e")
    assert request.HasField("note")
    assert not request.HasField("phone")


async def test_a_contact_is_deleted(script: Script, client: Both) -> None:
    assert await client.call("delete_contact", "c") is None
    assert script.received[0].request == pb.DeleteContactRequest(id="c")


async def test_groups_are_listed_saved_and_deleted(script: Script, client: Both) -> None:
    group = Group(id="g", name="Friends")
    script.answers = [
        pb.ListGroupsResponse(groups=[group]),
        pb.SaveGroupResponse(group=group),
        pb.DeleteGroupResponse(ok=True),
    ]
    assert await client.call("list_groups") == [group]
    assert await client.call("save_group", name="Friends", id="g", etag="e") == group
    assert await client.call("delete_group", "g") is None
    assert [call.request for call in script.received[1:]] == [
        pb.SaveGroupRequest(name="Friends", id="g", etag="e"),
        pb.DeleteGroupRequest(id="g"),
    ]


async def test_members_are_removed(script: Script, client: Both) -> None:
    script.answers = [pb.RemoveMembersResponse(group=Group(id="g", members=1))]
    assert (await client.call("remove_members", "g", ["a", "b"])).members == 1
    assert script.received[0].request == pb.RemoveMembersRequest(group_id="g", contact_ids=["a", "b"])


async def test_an_import_into_a_group_by_name(script: Script, client: Both) -> None:
    answer = pb.ImportContactsResponse(group=Group(id="g"), added=3)
    script.answers = [answer]
    done = await client.call(
        "import_contacts",
        group="Friends",
        policy="wrote_to",
        kinds=["person", "role"],
        min_rank=40,
        query="ann",
        mailbox_id="m",
        dry_run=True,
    )
    assert done == answer
    selection = pb.ContactSelection(
        policy=ContactPolicy.CONTACT_POLICY_WROTE_TO,
        kinds=[PERSON, ROLE],
        min_rank=40,
        query="ann",
        mailbox_id="m",
    )
    request = pb.ImportContactsRequest(group_name="Friends", selection=selection, dry_run=True)
    assert script.received[0].request == request


async def test_an_import_of_some_contacts_into_a_group_by_id(script: Script, client: Both) -> None:
    await client.call("import_contacts", group_id="g", ids=["a", "b"])
    selection = pb.ContactSelection(ids=["a", "b"])
    assert script.received[0].request == pb.ImportContactsRequest(group_id="g", selection=selection)


@pytest.mark.parametrize("group", [{}, {"group": "Friends", "group_id": "g"}])
async def test_an_import_needs_one_group(script: Script, client: Both, group: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="group"):
        await client.call("import_contacts", **group)
    assert script.received == []


async def test_an_import_may_take_a_minute_and_an_export_ten(script: Script, client: Both) -> None:
    await client.call("import_contacts", group="Friends")
    await client.all("export_contacts", "csv")
    assert [round(call.seconds, -1) for call in script.received] == [60, 600]


@pytest.mark.parametrize(
    ("word", "format"),
    [
        ("vcard_3", pb.EXPORT_FORMAT_VCARD_3),
        ("vcard_4", pb.EXPORT_FORMAT_VCARD_4),
        ("csv", pb.EXPORT_FORMAT_CSV),
    ],
)
async def test_an_export_comes_in_pieces(
    script: Script,
    client: Both,
    word: str,
    format: pb.ExportFormat.ValueType,  # noqa: A002
) -> None:
    script.answers = [[pb.ExportContactsResponse(data=b"a\n"), pb.ExportContactsResponse(data=b"b\n")]]
    assert await client.all("export_contacts", word, **FILTER) == [b"a\n", b"b\n"]
    assert script.received[0].request == pb.ExportContactsRequest(filter=FILTER_SENT, format=format)


async def test_an_export_that_breaks_off_is_an_error_and_is_not_begun_again(
    script: Script, client: Both
) -> None:
    script.answers = [[pb.ExportContactsResponse(data=b"a\n"), Abort(grpc.StatusCode.UNAVAILABLE)]]
    with pytest.raises(mailboxes.Unavailable):
        await client.all("export_contacts", "csv")
    assert len(script.received) == 1


async def test_leaving_an_export_ends_its_stream(script: Script, client: Both) -> None:
    script.answers = [[pb.ExportContactsResponse(data=b"a\n"), 60.0]]
    assert await client.first("export_contacts", "csv") == b"a\n"
    await script.left.wait()


@pytest.mark.parametrize(
    ("words", "contract", "prefix"),
    [
        (_contact_calls.Kind, contact_pb2.ContactKind, "CONTACT_KIND_"),
        (_contact_calls.Policy, ContactPolicy, "CONTACT_POLICY_"),
        (_contact_calls.Order, pb.ContactOrder, "CONTACT_ORDER_"),
        (_contact_calls.Format, pb.ExportFormat, "EXPORT_FORMAT_"),
    ],
)
def test_there_is_a_word_for_every_member(words: Any, contract: Any, prefix: str) -> None:
    assert [f"{prefix}{word.upper()}" for word in get_args(words)] == [*contract.keys()][1:]


def test_there_is_a_word_for_every_reason_that_a_list_can_have() -> None:
    names = [f"SKIP_REASON_{word.upper()}" for word in get_args(_contact_calls.Skipped)]
    of_imports = {f"SKIP_REASON_{name}" for name in ("OTHER_KIND", "BELOW_RANK", "NOT_FOUND")}
    assert names == [name for name in [*SkipReason.keys()][1:] if name not in of_imports]
