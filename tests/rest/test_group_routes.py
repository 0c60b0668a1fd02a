"""The routes of groups, of imports into them, and of exports."""

from __future__ import annotations

from typing import Any

import grpc
import httpx2
import pytest

from mailboxes import Group, ImportContactsResponse
from mailboxes.v1 import contact_service_pb2 as pb
from support.gateway import MAILBOX_ID, TOKEN, Gateway, refusal
from support.scripted_service import Abort

BEARER = {"authorization": f"Bearer {TOKEN}"}
GROUP_ID = "0192d0c0-0000-7000-8000-000000000003"
CONTACT_ID = "0192d0c0-0000-7000-8000-000000000004"
GROUPS = "/api/contacts/groups"
GROUP = Group(id=GROUP_ID, name="Friends", members=12, etag="g1")
SHOWN = {
    "id": GROUP_ID,
    "name": "Friends",
    "members": 12,
    "etag": "g1",
    "createdAt": "1970-01-01T00:00:00Z",
    "updatedAt": "1970-01-01T00:00:00Z",
}


async def test_groups_are_listed(gateway: Gateway) -> None:
    gateway.script.answers = [pb.ListGroupsResponse(groups=[GROUP])]
    assert (await gateway.http.get(GROUPS, headers=BEARER)).json() == [SHOWN]


async def test_a_group_is_created_and_comes_with_its_etag(gateway: Gateway) -> None:
    gateway.script.answers = [pb.SaveGroupResponse(group=GROUP)]
    answer = await gateway.http.post(GROUPS, headers=BEARER, json={"name": "Friends"})
    assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, SHOWN, '"g1"')
    sent = gateway.script.received[0].request
    assert (sent.name, sent.HasField("id"), sent.HasField("etag")) == ("Friends", False, False)


async def test_a_group_is_renamed_if_it_was_not_changed_since(gateway: Gateway) -> None:
    gateway.script.answers = [
        pb.SaveGroupResponse(group=GROUP),
        refusal(grpc.StatusCode.ABORTED, "ETAG_MISMATCH"),
    ]
    headers = BEARER | {"if-match": '"g0"'}
    for status in (200, 412):
        answer = await gateway.http.put(f"{GROUPS}/{GROUP_ID}", headers=headers, json={"name": "Family"})
        assert answer.status_code == status
    sent = gateway.script.received[0].request
    assert (sent.id, sent.name, sent.etag) == (GROUP_ID, "Family", "g0")


async def test_a_name_that_is_taken_is_a_conflict(gateway: Gateway) -> None:
    gateway.script.answers = [refusal(grpc.StatusCode.ALREADY_EXISTS, "GROUP_NAME_TAKEN")]
    answer = await gateway.http.post(GROUPS, headers=BEARER, json={"name": "Friends"})
    assert (answer.status_code, answer.json()["code"]) == (409, "GROUP_NAME_TAKEN")


async def test_a_group_is_deleted(gateway: Gateway) -> None:
    answer = await gateway.http.delete(f"{GROUPS}/{GROUP_ID}", headers=BEARER)
    assert (answer.content, gateway.methods) == (b'{"ok":true}', ["DeleteGroup"])


async def test_members_are_taken_out(gateway: Gateway) -> None:
    gateway.script.answers = [pb.RemoveMembersResponse(group=GROUP)]
    body = {"contactIds": [CONTACT_ID]}
    answer = await gateway.http.post(f"{GROUPS}/{GROUP_ID}/members/remove", headers=BEARER, json=body)
    assert answer.json() == SHOWN
    sent = gateway.script.received[0].request
    assert (sent.group_id, list(sent.contact_ids)) == (GROUP_ID, [CONTACT_ID])


async def test_a_thousand_ids_fit_into_a_request(gateway: Gateway) -> None:
    body = {"contactIds": [CONTACT_ID] * 1000}
    answer = await gateway.http.post(f"{GROUPS}/{GROUP_ID}/members/remove", headers=BEARER, json=body)
    assert (answer.status_code, len(gateway.script.received[0].request.contact_ids)) == (200, 1000)
    body = {"contactIds": [CONTACT_ID] * 1001}
    answer = await gateway.http.post(f"{GROUPS}/{GROUP_ID}/members/remove", headers=BEARER, json=body)
    assert answer.status_code == 422


async def test_an_import_says_what_it_did_and_what_was_left_out(gateway: Gateway) -> None:
    result = ImportContactsResponse(group=GROUP, added=9, updated=1, unchanged=2)
    result.skipped.add(reason="SKIP_REASON_BELOW_RANK", count=31)
    gateway.script.answers = [result]
    selection = {
        "policy": "corresponded",
        "kinds": ["person", "role"],
        "minRank": 50,
        "q": "bob",
        "mailbox": MAILBOX_ID,
        "ids": [CONTACT_ID],
    }
    body = {"groupName": "Friends", "selection": selection, "dryRun": True}
    answer = await gateway.http.post("/api/contacts/import", headers=BEARER, json=body)
    assert answer.json() == {
        "group": SHOWN,
        "added": 9,
        "updated": 1,
        "unchanged": 2,
        "skipped": [{"reason": "below_rank", "count": 31}],
    }
    sent = gateway.script.received[0].request
    assert (sent.group_name, sent.HasField("group_id"), sent.dry_run) == ("Friends", False, True)
    chosen = sent.selection
    assert (chosen.policy, list(chosen.kinds), chosen.min_rank, chosen.query) == (2, [1, 4], 50, "bob")
    assert (chosen.mailbox_id, list(chosen.ids)) == (MAILBOX_ID, [CONTACT_ID])


async def test_an_import_without_a_selection_is_of_all_persons_into_a_group(gateway: Gateway) -> None:
    gateway.script.answers = [ImportContactsResponse()]
    answer = await gateway.http.post("/api/contacts/import", headers=BEARER, json={"groupId": GROUP_ID})
    assert answer.json()["group"] is None
    sent = gateway.script.received[0].request
    assert (sent.group_id, sent.dry_run, sent.selection.HasField("mailbox_id")) == (GROUP_ID, False, False)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"groupId": None, "groupName": None},
        {"groupId": GROUP_ID, "groupName": "Friends"},
        {"groupId": "1"},
        {"groupName": "Friends", "selection": {"minRank": 101}},
        {"groupName": "Friends", "selection": {"kinds": ["human"]}},
        {"groupName": "Friends", "selection": {"rank": 1}},
        {"groupName": "Friends", "dryRun": "yes"},
    ],
)
async def test_an_import_that_is_not_clear_changes_nothing(gateway: Gateway, body: dict[str, Any]) -> None:
    answer = await gateway.http.post("/api/contacts/import", headers=BEARER, json=body)
    assert (answer.status_code, answer.json()["code"], gateway.methods) == (422, "INVALID_FIELDS", [])


@pytest.mark.parametrize(
    ("form", "number", "media_type", "name"),
    [
        ("vcard3", 1, "text/vcard; charset=utf-8", "contacts.vcf"),
        ("vcard4", 2, "text/vcard; charset=utf-8", "contacts.vcf"),
        ("csv", 3, "text/csv; charset=utf-8; header=present", "contacts.csv"),
    ],
)
async def test_an_export_is_a_file_with_a_name(
    gateway: Gateway, form: str, number: int, media_type: str, name: str
) -> None:
    gateway.script.answers = [[pb.ExportContactsResponse(data=piece) for piece in (b"one\r\n", b"two\r\n")]]
    answer = await gateway.http.get(f"/api/contacts/export?format={form}&kind=person", headers=BEARER)
    assert (answer.status_code, answer.content) == (200, b"one\r\ntwo\r\n")
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    [call] = gateway.script.received
    assert (call.request.format, list(call.request.filter.kinds)) == (number, [1])
    assert call.metadata["x-request-id"] == answer.headers["x-request-id"]


async def test_an_export_of_nobody_is_an_empty_file(gateway: Gateway) -> None:
    gateway.script.answers = [[]]
    answer = await gateway.http.get("/api/contacts/export?format=csv", headers=BEARER)
    assert (answer.status_code, answer.content) == (200, b"")


async def test_an_export_that_is_refused_is_no_file(gateway: Gateway) -> None:
    gateway.script.answers = [[refusal(grpc.StatusCode.NOT_FOUND, "GROUP_NOT_FOUND")]]
    answer = await gateway.http.get("/api/contacts/export?format=csv", headers=BEARER)
    assert (answer.status_code, answer.json()["code"]) == (404, "GROUP_NOT_FOUND")
    assert "content-disposition" not in answer.headers


async def test_an_export_that_breaks_off_is_not_taken_for_a_whole_one(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.script.answers = [
        [
            pb.ExportContactsResponse(data=b"one\r\n"),
            Abort(grpc.StatusCode.UNAVAILABLE, "driver says CANARY-x"),
        ]
    ]
    with pytest.raises(httpx2.RemoteProtocolError):
        await gateway.http.get("/api/contacts/export?format=csv", headers=BEARER)
    assert "answer cut off" in caplog.messages
    assert "CANARY" not in caplog.text


async def test_an_export_ends_when_its_reader_leaves(gateway: Gateway) -> None:
    gateway.script.answers = [[pb.ExportContactsResponse(data=b"one\r\n"), 600.0]]
    async with gateway.http.stream("GET", "/api/contacts/export?format=csv", headers=BEARER) as answer:
        await anext(answer.aiter_bytes())
    await gateway.script.left.wait()
