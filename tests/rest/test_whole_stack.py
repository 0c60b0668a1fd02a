"""The whole job over HTTP: gateway and service in one process, on PostgreSQL, with a real mail server."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mailbox_svc.cli.tokens import mint
from support.dovecot import DovecotServer
from support.rest_world import MAILBOX, RestWorld, rest_world

MAILBOXES = "/api/contacts/mailboxes"


@pytest.fixture
async def world(dovecot: DovecotServer, tmp_path: Path) -> AsyncIterator[RestWorld]:
    async with rest_world(tmp_path, dovecot) as world:
        yield world


async def test_from_a_wrong_password_to_a_file(world: RestWorld) -> None:
    http = world.http
    assert (await http.get("/readyz")).content == b'{"ok":true}'

    draft = {name: value for name, value in MAILBOX.items() if name != "label"} | {"port": world.imap_port}
    wrong = (await http.post(f"{MAILBOXES}/test", json={**draft, "password": "CANARY-wrong"})).json()
    assert (wrong["ok"], wrong["code"], wrong["wrongFields"][0]) == (
        False,
        "auth_invalid_credentials",
        "password",
    )
    assert (await http.post(f"{MAILBOXES}/test", json=draft)).content == b'{"ok":true}'

    saved = await world.save()
    assert (saved["status"], saved["lastTestedAt"], "lastError" in saved) == ("pending", None, False)
    assert (await http.post(f"{MAILBOXES}/{saved['id']}/test")).content == b'{"ok":true}'
    [listed] = (await http.get(MAILBOXES)).json()
    assert (listed["status"], listed["lastTestedAt"] is None) == ("ok", False)

    harvest = await world.harvest(saved["id"])
    assert (harvest["state"], harvest["progress"]["scanned"] > 200) == ("done", True)
    latest = await http.get(f"{MAILBOXES}/{saved['id']}/harvests/latest")
    assert latest.json() == harvest

    export = await http.get("/api/contacts/export", params={"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(export.text.removeprefix("\ufeff"))))
    assert {row["E-mail Address"] for row in rows} == {one["address"] for one in await world.contacts()}

    assert (await http.delete(f"{MAILBOXES}/{saved['id']}")).content == b'{"ok":true}'
    assert (await http.get(MAILBOXES)).json() == []
    assert await world.contacts() == []


async def test_a_stored_password_goes_to_no_other_server(world: RestWorld) -> None:
    saved = await world.save()
    body = {**MAILBOX, "id": saved["id"], "host": "127.0.0.1", "port": world.imap_port}
    del body["password"]
    answer = await world.http.post(MAILBOXES, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "PASSWORD_REQUIRED")
    answer = await world.http.post(
        MAILBOXES, json={**body, "host": "localhost", "label": "Home", "etag": "old"}
    )
    assert (answer.status_code, answer.json()["code"]) == (412, "ETAG_MISMATCH")
    answer = await world.http.post(MAILBOXES, json={**body, "host": "localhost", "label": "Home"})
    assert (answer.status_code, answer.json()["label"]) == (200, "Home")


async def test_of_another_user_nothing_is_there(world: RestWorld) -> None:
    saved = await world.save()
    harvest = await world.harvest(saved["id"])
    contact = (await world.contacts())[0]
    token = mint(world.settings, subject="bob", lifetime=60, service=False)
    headers = {"authorization": f"Bearer {token}"}
    for method, path in (
        ("DELETE", f"{MAILBOXES}/{saved['id']}"),
        ("POST", f"{MAILBOXES}/{saved['id']}/test"),
        ("POST", f"{MAILBOXES}/{saved['id']}/harvests"),
        ("GET", f"{MAILBOXES}/{saved['id']}/runs"),
        ("GET", f"/api/contacts/harvests/{harvest['id']}"),
        ("GET", f"/api/contacts/harvests/{harvest['id']}/events"),
        ("GET", f"/api/contacts/{contact['id']}"),
        ("GET", f"/api/contacts/export?format=csv&mailbox={saved['id']}"),
    ):
        answer = await world.http.request(method, path, headers=headers)
        assert answer.status_code == 404, path
    assert (await world.http.get(MAILBOXES, headers=headers)).json() == []


async def test_contacts_are_found_typed_grouped_and_deleted(world: RestWorld) -> None:
    http = world.http
    await world.harvest((await world.save())["id"])
    first = (await http.get("/api/contacts", params={"pageSize": 20})).json()
    rest = (
        await http.get("/api/contacts", params={"pageSize": 20, "pageToken": first["nextPageToken"]})
    ).json()
    contacts = first["contacts"] + rest["contacts"]
    assert (len(contacts), rest["nextPageToken"]) == (first["totalSize"], None)
    skipped = (await http.get("/api/contacts/skipped", params={"reason": "list"})).json()["skipped"]
    assert {one["kind"] for one in skipped} == {"list"}

    one = contacts[0]
    path = f"/api/contacts/{one['id']}"
    typed = await http.patch(path, json={"displayName": "Bob"}, headers={"if-match": f'"{one["etag"]}"'})
    assert (typed.json()["displayName"], typed.headers["etag"]) == ("Bob", f'"{typed.json()["etag"]}"')
    late = await http.patch(path, json={"displayName": "X"}, headers={"if-match": f'"{one["etag"]}"'})
    assert late.status_code == 412
    assert [found["id"] for found in await world.contacts(q="bob")] == [one["id"]]

    count: dict[str, Any] = {"groupName": "Friends", "selection": {"minRank": 1}, "dryRun": True}
    counted = (await http.post("/api/contacts/import", json=count)).json()
    assert (counted["group"], counted["added"] > 0) == (None, True)
    done = (await http.post("/api/contacts/import", json={**count, "dryRun": False})).json()
    assert (done["added"], done["group"]["members"]) == (counted["added"], counted["added"])
    group_id = done["group"]["id"]
    members = await world.contacts(group=group_id)
    body = {"contactIds": [members[0]["id"]]}
    left = await http.post(f"/api/contacts/groups/{group_id}/members/remove", json=body)
    assert left.json()["members"] == done["added"] - 1
    taken = await http.post("/api/contacts/groups", json={"name": "FRIENDS"})
    assert (taken.status_code, taken.json()["code"]) == (409, "GROUP_NAME_TAKEN")

    assert (await http.delete(path, headers={"if-match": f'"{one["etag"]}"'})).status_code == 412
    assert (await http.delete(path)).content == b'{"ok":true}'
    assert (await http.get(path)).status_code == 404


async def test_duplicates_are_dismissed_merged_and_parted_again(world: RestWorld) -> None:
    http = world.http
    await world.harvest((await world.save())["id"])
    first, second, third = await world.contacts(q="featherstone")
    pairs = (await http.get("/api/contacts/duplicates")).json()
    assert pairs["totalSize"] == 3
    assert all(0 < pair["score"] <= 1 and pair["why"] for pair in pairs["duplicates"])
    body = {"firstId": second["id"], "secondId": third["id"]}
    assert (await http.post("/api/contacts/duplicates/dismiss", json=body)).content == b'{"ok":true}'
    assert (await http.get("/api/contacts/duplicates")).json()["totalSize"] == 2
    merged = (await http.post("/api/contacts/merges", json={"ids": [first["id"], second["id"]]})).json()
    assert len(merged["contact"]["addresses"]) == 2
    undone = (await http.post(f"/api/contacts/merges/{merged['mergeId']}/undo")).json()
    assert [one["id"] for one in undone["contacts"]] == [first["id"], second["id"]]
    again = await http.post(f"/api/contacts/merges/{merged['mergeId']}/undo")
    assert (again.status_code, again.json()["code"]) == (404, "MERGE_NOT_FOUND")


async def test_progress_is_told_while_a_harvest_runs_and_to_who_comes_back(world: RestWorld) -> None:
    saved = await world.save()
    harvest = (await world.http.post(f"{MAILBOXES}/{saved['id']}/harvests")).json()
    path = f"/api/contacts/harvests/{harvest['id']}/events"
    async with asyncio.timeout(60):
        told = (await world.http.get(path)).text
    assert told.count("event: end\n") == 1
    last = told.rpartition("\nid: ")[2].strip()
    assert (await world.http.get(path, headers={"last-event-id": last})).status_code == 204


async def test_a_schedule_reads_new_mail_by_itself_and_its_runs_are_told(world: RestWorld) -> None:
    saved = await world.save()
    [off] = (await world.http.get("/api/contacts/schedules")).json()
    assert (off["mailboxId"], off["enabled"], off["state"]) == (saved["id"], False, "off")
    path = f"{MAILBOXES}/{saved['id']}"
    on = await world.http.put(f"{path}/schedule", json={"enabled": True, "intervalSeconds": 600})
    assert (on.json()["enabled"], on.json()["intervalSeconds"]) == (True, 600.0)
    run = await _first_run(world, path)
    assert (run["outcome"], run["messages"] > 200, run["failure"]) == ("news", True, None)
    harvest = (await world.http.get(f"/api/contacts/harvests/{run['harvestId']}")).json()
    assert harvest["mailboxId"] == saved["id"]
    [waiting] = (await world.http.get("/api/contacts/schedules")).json()
    assert waiting["lastSuccessAt"] is not None
    ended = await world.http.put(f"{path}/schedule", json={"enabled": False})
    assert (ended.json()["state"], ended.json()["nextRunAt"]) == ("off", None)


async def _first_run(world: RestWorld, path: str) -> dict[str, Any]:
    runs: list[dict[str, Any]] = []
    async with asyncio.timeout(90):
        while not runs:
            await asyncio.sleep(0.2)
            runs = (await world.http.get(f"{path}/runs")).json()
    return runs[-1]


@pytest.mark.parametrize("wrong", [{"host": "bad host"}, {"label": " "}, {"user": "a\nb"}, {"password": " "}])
async def test_what_the_service_refuses_is_said_in_its_own_words(
    world: RestWorld, wrong: dict[str, str]
) -> None:
    body = {**MAILBOX, "port": world.imap_port, **wrong}
    answer: httpx2.Response = await world.http.post(MAILBOXES, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_FIELDS")
    assert list(answer.json()["fields"]) == list(wrong)
