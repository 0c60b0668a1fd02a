"""What the clients send about duplicates and merges; each test runs with both clients."""

from __future__ import annotations

import grpc
import pytest

import mailboxes
from mailboxes.v1 import contact_service_pb2 as pb
from mailboxes.v1.contact_pb2 import Contact
from support.scripted_service import Abort, Both, Script

JO, KIM = Contact(id="jo"), Contact(id="kim")
SURE, LIKELY, MAYBE = (pb.Duplicate(first=JO, second=KIM, score=score) for score in (1.0, 0.9, 0.8))


async def test_all_pages_of_duplicates_are_read(script: Script, client: Both) -> None:
    script.answers = [
        pb.ListDuplicatesResponse(duplicates=[SURE, LIKELY], next_page_token="t"),
        pb.ListDuplicatesResponse(duplicates=[MAYBE]),
    ]
    assert await client.all("duplicates") == [SURE, LIKELY, MAYBE]
    assert [call.request for call in script.received] == [
        pb.ListDuplicatesRequest(page_size=500),
        pb.ListDuplicatesRequest(page_size=500, page_token="t"),
    ]
    assert not script.received[0].request.HasField("contact_id")


async def test_all_pages_are_of_the_contact_that_was_asked_for(script: Script, client: Both) -> None:
    script.answers = [
        pb.ListDuplicatesResponse(duplicates=[SURE], next_page_token="t"),
        pb.ListDuplicatesResponse(),
    ]
    assert await client.all("duplicates", contact_id="jo") == [SURE]
    assert [call.request.contact_id for call in script.received] == ["jo", "jo"]


async def test_duplicates_that_are_left_ask_for_no_more_pages(script: Script, client: Both) -> None:
    script.answers = [pb.ListDuplicatesResponse(duplicates=[SURE], next_page_token="t")]
    assert await client.first("duplicates") == SURE
    assert len(script.received) == 1


async def test_one_page_of_duplicates_comes_with_its_token_and_the_total(
    script: Script, client: Both
) -> None:
    page = pb.ListDuplicatesResponse(duplicates=[SURE], next_page_token="u", total_size=7)
    script.answers = [page]
    assert await client.call("duplicates_page", 1, "t", "jo") == page
    sent = pb.ListDuplicatesRequest(contact_id="jo", page_size=1, page_token="t")
    assert script.received[0].request == sent


async def test_a_page_of_duplicates_may_take_a_minute_and_is_asked_for_again(
    script: Script, client: Both
) -> None:
    script.answers = [Abort(grpc.StatusCode.UNAVAILABLE), pb.ListDuplicatesResponse(duplicates=[SURE])]
    assert await client.all("duplicates") == [SURE]
    assert [round(call.seconds, -1) for call in script.received] == [60, 60]


async def test_contacts_are_merged_in_the_order_given(script: Script, client: Both) -> None:
    answer = pb.MergeContactsResponse(contact=JO, merge_id="m")
    script.answers = [answer]
    assert await client.call("merge_contacts", ["jo", "kim", "ann"]) == answer
    assert script.received[0].request == pb.MergeContactsRequest(ids=["jo", "kim", "ann"])


async def test_a_merge_is_taken_back(script: Script, client: Both) -> None:
    script.answers = [pb.UndoMergeResponse(contacts=[JO, KIM])]
    found = await client.call("undo_merge", "m")
    assert isinstance(found, list)
    assert found == [JO, KIM]
    assert script.received[0].request == pb.UndoMergeRequest(merge_id="m")


async def test_a_pair_is_dismissed(script: Script, client: Both) -> None:
    assert await client.call("dismiss_duplicate", "jo", "kim") is None
    assert script.received[0].request == pb.DismissDuplicateRequest(first_id="jo", second_id="kim")


async def test_what_changes_something_is_not_sent_again(script: Script, client: Both) -> None:
    script.answers = [Abort(grpc.StatusCode.UNAVAILABLE)]
    with pytest.raises(mailboxes.Unavailable):
        await client.call("merge_contacts", ["jo", "kim"])
    assert len(script.received) == 1
