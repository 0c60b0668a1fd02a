"""The routes of contacts, of what was left out, and of pairs that may be one person."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2

from mailboxes import Contact, Duplicate
from mailboxes.v1 import contact_service_pb2 as pb
from support.gateway import MAILBOX_ID, TOKEN, Gateway, of, refusal

BEARER = {"authorization": f"Bearer {TOKEN}"}
CONTACT_ID = "0192d0c0-0000-7000-8000-000000000004"
OTHER_ID = "0192d0c0-0000-7000-8000-000000000005"
MERGE_ID = "0192d0c0-0000-7000-8000-000000000006"
GROUP_ID = "0192d0c0-0000-7000-8000-000000000003"
ONE = f"/api/contacts/{CONTACT_ID}"

CONTACT = of(
    Contact,
    id=CONTACT_ID,
    display_name="Bob",
    address="Bob@example.com",
    addresses=[{"address": "Bob@example.com", "match_key": "bob@example.com"}],
    kind="CONTACT_KIND_PERSON",
    reason={"code": "CONTACT_REASON_CODE_WROTE_TO", "text": "you wrote to them 4 times"},
    rank=63,
    wrote_to=4,
    received=7,
    seen_together=2,
    last_at="2026-11-20T16:20:00Z",
    alternate_names=["Robert"],
    typed={"note": "Met in Lisbon"},
    group_ids=[GROUP_ID],
    etag="c1",
)
SHOWN = {
    "id": CONTACT_ID,
    "displayName": "Bob",
    "address": "Bob@example.com",
    "addresses": [{"address": "Bob@example.com", "matchKey": "bob@example.com"}],
    "kind": "person",
    "reason": {"code": "wrote_to", "text": "you wrote to them 4 times"},
    "skippedBecause": None,
    "rank": 63,
    "wroteTo": 4,
    "received": 7,
    "seenTogether": 2,
    "firstAt": None,
    "lastAt": "2026-11-20T16:20:00Z",
    "alternateNames": ["Robert"],
    "typed": {"displayName": "", "organization": "", "phone": "", "note": "Met in Lisbon"},
    "groupIds": [GROUP_ID],
    "etag": "c1",
}


async def test_a_page_of_contacts_says_how_many_there_are_and_how_to_go_on(gateway: Gateway) -> None:
    gateway.script.answers = [
        pb.ListContactsResponse(contacts=[CONTACT], next_page_token="t2", total_size=7),
        pb.ListContactsResponse(),
    ]
    first = await gateway.http.get("/api/contacts", headers=BEARER)
    assert first.json() == {"contacts": [SHOWN], "nextPageToken": "t2", "totalSize": 7}
    last = await gateway.http.get("/api/contacts", headers=BEARER, params={"pageToken": "t2"})
    assert last.json() == {"contacts": [], "nextPageToken": None, "totalSize": 0}
    assert [one.request.page_token for one in gateway.script.received] == ["", "t2"]


async def test_what_is_asked_for_is_passed_on(gateway: Gateway) -> None:
    query = f"q=bob%20m&kind=person&kind=role&group={GROUP_ID}&mailbox={MAILBOX_ID}&order=name&pageSize=5"
    await gateway.http.get(f"/api/contacts?{query}", headers=BEARER)
    sent = gateway.script.received[0].request
    assert (sent.filter.query, sent.filter.group_id, sent.filter.mailbox_id) == (
        "bob m",
        GROUP_ID,
        MAILBOX_ID,
    )
    assert [pb.ContactOrder.Name(sent.order), sent.page_size] == ["CONTACT_ORDER_NAME", 5]
    assert list(sent.filter.kinds) == [1, 4]


async def test_without_wishes_nothing_restricts_the_list(gateway: Gateway) -> None:
    await gateway.http.get("/api/contacts", headers=BEARER)
    sent = gateway.script.received[0].request
    assert not sent.filter.HasField("group_id")
    assert not sent.filter.HasField("mailbox_id")
    assert (sent.filter.query, list(sent.filter.kinds), sent.page_size) == ("", [], 100)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("kind=human", "kind.0"),
        ("order=age", "order"),
        ("pageSize=0", "pageSize"),
        ("pageSize=1001", "pageSize"),
        ("group=", "group"),
        ("mailbox=1", "mailbox"),
        (f"q={'x' * 201}", "q"),
    ],
)
async def test_a_wish_that_is_wrong_is_named(gateway: Gateway, query: str, field: str) -> None:
    answer = await gateway.http.get(f"/api/contacts?{query}", headers=BEARER)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("filter.query", "q"),
        ("filter.kinds", "kind"),
        ("filter.group_id", "group"),
        ("page_token", "pageToken"),
        ("selection.min_rank", "selection.minRank"),
    ],
)
async def test_fields_that_the_service_refuses_have_the_names_of_the_request(
    gateway: Gateway, theirs: str, ours: str
) -> None:
    wrong = error_details_pb2.BadRequest()
    wrong.field_violations.add(field=theirs, description="Is wrong.")
    gateway.script.answers = [refusal(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS", wrong)]
    answer = await gateway.http.get("/api/contacts", headers=BEARER)
    assert (answer.status_code, answer.json()["fields"]) == (422, {ours: "Is wrong."})


async def test_what_was_left_out_says_why(gateway: Gateway) -> None:
    skipped = of(Contact, id=OTHER_ID, skipped_because="SKIP_REASON_AUTOMATED")
    gateway.script.answers = [pb.ListSkippedResponse(skipped=[skipped], total_size=1)]
    path = "/api/contacts/skipped?reason=automated&reason=deleted&pageSize=2"
    answer = await gateway.http.get(path, headers=BEARER)
    assert answer.json()["skipped"][0]["skippedBecause"] == "automated"
    sent = gateway.script.received[0].request
    assert (list(sent.reasons), sent.page_size) == ([1, 6], 2)


async def test_a_contact_comes_with_its_etag(gateway: Gateway) -> None:
    gateway.script.answers = [pb.GetContactResponse(contact=CONTACT)]
    answer = await gateway.http.get(ONE, headers=BEARER)
    assert (answer.json(), answer.headers["etag"]) == (SHOWN, '"c1"')
    assert gateway.script.received[0].request.id == CONTACT_ID


async def test_only_what_was_typed_is_changed(gateway: Gateway) -> None:
    gateway.script.answers = [pb.UpdateContactResponse(contact=CONTACT)]
    body = {"displayName": "", "note": "two\nlines"}
    answer = await gateway.http.patch(ONE, headers=BEARER | {"if-match": '"c0"'}, json=body)
    assert (answer.json(), answer.headers["etag"]) == (SHOWN, '"c1"')
    sent = gateway.script.received[0].request
    assert (sent.id, sent.display_name, sent.note, sent.etag) == (CONTACT_ID, "", "two\nlines", "c0")
    assert [sent.HasField(name) for name in ("display_name", "organization", "phone", "note")] == [
        *(True, False, False, True)
    ]


@pytest.mark.parametrize(
    ("header", "etag"),
    [(None, None), ("*", None), ('"c0"', "c0"), ("c0", "c0"), ('W/"c0"', 'W/"c0'), ("", "")],
)
async def test_an_etag_must_be_the_stored_one_where_one_is_sent(
    gateway: Gateway, header: str | None, etag: str | None
) -> None:
    headers = BEARER if header is None else BEARER | {"if-match": header}
    await gateway.http.patch(ONE, headers=headers, json={"note": ""})
    sent = gateway.script.received[0].request
    assert (sent.etag if sent.HasField("etag") else None) == etag


async def test_a_contact_that_was_changed_since_is_not_changed_again(gateway: Gateway) -> None:
    gateway.script.answers = [refusal(grpc.StatusCode.ABORTED, "ETAG_MISMATCH")]
    answer = await gateway.http.patch(ONE, headers=BEARER | {"if-match": '"c0"'}, json={"note": "x"})
    assert (answer.status_code, answer.json()["code"]) == (412, "ETAG_MISMATCH")


async def test_a_contact_is_deleted(gateway: Gateway) -> None:
    answer = await gateway.http.delete(ONE, headers=BEARER)
    assert (answer.content, gateway.methods) == (b'{"ok":true}', ["DeleteContact"])


async def test_a_contact_that_was_changed_since_is_not_deleted(gateway: Gateway) -> None:
    gateway.script.answers = [pb.GetContactResponse(contact=CONTACT), pb.GetContactResponse(contact=CONTACT)]
    answer = await gateway.http.delete(ONE, headers=BEARER | {"if-match": '"c0"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "ETAG_MISMATCH")
    assert gateway.methods == ["GetContact"]
    gateway.script.answers.append(pb.DeleteContactResponse(ok=True))
    answer = await gateway.http.delete(ONE, headers=BEARER | {"if-match": '"c1"'})
    assert (answer.status_code, gateway.methods[1:]) == (200, ["GetContact", "DeleteContact"])


async def test_pairs_say_how_sure_they_are_and_why(gateway: Gateway) -> None:
    pair = Duplicate(first=CONTACT, second=Contact(id=OTHER_ID), score=0.9, why="Same name.")
    gateway.script.answers = [pb.ListDuplicatesResponse(duplicates=[pair], next_page_token="t", total_size=3)]
    answer = await gateway.http.get(
        f"/api/contacts/duplicates?contact={CONTACT_ID}&pageSize=1", headers=BEARER
    )
    shown = answer.json()
    assert (shown["nextPageToken"], shown["totalSize"]) == ("t", 3)
    [duplicate] = shown["duplicates"]
    assert (duplicate["first"], duplicate["second"]["id"]) == (SHOWN, OTHER_ID)
    assert (duplicate["score"], duplicate["why"]) == (0.9, "Same name.")
    sent = gateway.script.received[0].request
    assert (sent.contact_id, sent.page_size) == (CONTACT_ID, 1)


async def test_contacts_are_merged_and_a_merge_is_taken_back(gateway: Gateway) -> None:
    gateway.script.answers = [
        pb.MergeContactsResponse(contact=CONTACT, merge_id=MERGE_ID),
        pb.UndoMergeResponse(contacts=[CONTACT, CONTACT]),
    ]
    merged = await gateway.http.post(
        "/api/contacts/merges", headers=BEARER, json={"ids": [CONTACT_ID, OTHER_ID]}
    )
    assert merged.json() == {"contact": SHOWN, "mergeId": MERGE_ID}
    undone = await gateway.http.post(f"/api/contacts/merges/{MERGE_ID}/undo", headers=BEARER)
    assert undone.json() == {"contacts": [SHOWN, SHOWN]}
    assert list(gateway.script.received[0].request.ids) == [CONTACT_ID, OTHER_ID]
    assert gateway.script.received[1].request.merge_id == MERGE_ID


@pytest.mark.parametrize("ids", [[], [CONTACT_ID], [CONTACT_ID] * 51, [CONTACT_ID, "2"], "x"])
async def test_a_merge_needs_from_two_to_fifty_ids(gateway: Gateway, ids: Any) -> None:
    answer = await gateway.http.post("/api/contacts/merges", headers=BEARER, json={"ids": ids})
    assert (answer.status_code, gateway.methods) == (422, [])


async def test_a_pair_is_dismissed(gateway: Gateway) -> None:
    body = {"firstId": CONTACT_ID, "secondId": OTHER_ID}
    answer = await gateway.http.post("/api/contacts/duplicates/dismiss", headers=BEARER, json=body)
    assert answer.content == b'{"ok":true}'
    sent = gateway.script.received[0].request
    assert (sent.first_id, sent.second_id) == (CONTACT_ID, OTHER_ID)
