"""The routes of harvests, and of the schedules by which they run by themselves."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from mailboxes import Harvest, Schedule, SyncRun
from mailboxes.v1 import harvest_service_pb2 as pb
from support.gateway import MAILBOX_ID, TOKEN, Gateway, of, refusal

BEARER = {"authorization": f"Bearer {TOKEN}"}
HARVEST_ID = "0192d0c0-0000-7000-8000-000000000002"
OF_MAILBOX = f"/api/contacts/mailboxes/{MAILBOX_ID}"
OF_HARVEST = f"/api/contacts/harvests/{HARVEST_ID}"


RUNNING = of(
    Harvest,
    id=HARVEST_ID,
    mailbox_id=MAILBOX_ID,
    state="HARVEST_STATE_RUNNING",
    policy="CONTACT_POLICY_WROTE_TO",
    progress={
        "folder": "INBOX",
        "folders_done": 1,
        "folders_total": 4,
        "scanned": 2**40,
        "total": 2**41,
        "rate": 1.5,
    },
    created_at="2026-11-28T09:30:00Z",
    started_at="2026-11-28T09:30:01Z",
)
FAILURE = {
    "code": "HARVEST_FAILURE_CODE_CONNECTION",
    "error": "The server ended the session.",
    "connection_code": "TEST_CODE_SERVER_BYE",
    "remedy": {"text": "Try again."},
    "retryable": True,
    "retry_after": "30s",
}
FAILED = of(
    Harvest,
    state="HARVEST_STATE_FAILED",
    failure=FAILURE,
    skipped_folders=[{"name": "Public", "reason": "It may not be read."}],
)
FAILURE_JSON = {
    "code": "connection",
    "error": "The server ended the session.",
    "connectionCode": "server_bye",
    "remedy": {"text": "Try again.", "url": None},
    "retryable": True,
    "retryAfter": 30.0,
}


async def test_a_harvest_is_shown_with_numbers_as_numbers(gateway: Gateway) -> None:
    gateway.script.answers = [pb.GetHarvestResponse(harvest=RUNNING)]
    answer = await gateway.http.get(OF_HARVEST, headers=BEARER)
    assert answer.json() == {
        "id": HARVEST_ID,
        "mailboxId": MAILBOX_ID,
        "state": "running",
        "policy": "wrote_to",
        "progress": {
            "folder": "INBOX",
            "foldersDone": 1,
            "foldersTotal": 4,
            "scanned": 2**40,
            "total": 2**41,
            "duplicates": 0,
            "contacts": 0,
            "rate": 1.5,
        },
        "failure": None,
        "skippedFolders": [],
        "createdAt": "2026-11-28T09:30:00Z",
        "startedAt": "2026-11-28T09:30:01Z",
        "endedAt": None,
    }
    assert gateway.script.received[0].request.id == HARVEST_ID


async def test_a_failure_says_why_and_what_helps(gateway: Gateway) -> None:
    gateway.script.answers = [pb.GetHarvestResponse(harvest=FAILED)]
    shown = (await gateway.http.get(f"{OF_MAILBOX}/harvests/latest", headers=BEARER)).json()
    assert shown["failure"] == FAILURE_JSON
    assert shown["skippedFolders"] == [{"name": "Public", "reason": "It may not be read."}]
    assert shown["progress"]["folder"] is None
    assert gateway.script.received[0].request.mailbox_id == MAILBOX_ID


async def test_a_mailbox_that_was_never_harvested_has_null_and_one_that_is_none_is_not_found(
    gateway: Gateway,
) -> None:
    reasons = "HARVEST_NOT_FOUND", "MAILBOX_NOT_FOUND"
    gateway.script.answers = [refusal(grpc.StatusCode.NOT_FOUND, reason) for reason in reasons]
    none_yet, no_mailbox = [
        await gateway.http.get(f"{OF_MAILBOX}/harvests/latest", headers=BEARER) for _ in reasons
    ]
    assert (none_yet.status_code, none_yet.content) == (200, b"null")
    assert (no_mailbox.status_code, no_mailbox.json()["code"]) == (404, "MAILBOX_NOT_FOUND")


async def test_a_failure_that_is_no_connection_has_no_code_of_one(gateway: Gateway) -> None:
    harvest = of(Harvest, failure={"code": "HARVEST_FAILURE_CODE_DEADLINE_PASSED"})
    gateway.script.answers = [pb.GetHarvestResponse(harvest=harvest)]
    failure = (await gateway.http.get(OF_HARVEST, headers=BEARER)).json()["failure"]
    assert (failure["connectionCode"], failure["remedy"], failure["retryAfter"]) == (None, None, None)


@pytest.mark.parametrize(
    ("body", "policy"), [(None, 0), ({}, 0), ({"policy": None}, 0), ({"policy": "everyone"}, 3)]
)
async def test_a_harvest_starts_with_or_without_a_policy(
    gateway: Gateway, body: dict[str, Any] | None, policy: int
) -> None:
    gateway.script.answers = [pb.StartHarvestResponse(harvest=RUNNING)]
    answer = await gateway.http.post(f"{OF_MAILBOX}/harvests", headers=BEARER, json=body)
    assert (answer.status_code, answer.json()["state"]) == (200, "running")
    [call] = gateway.script.received
    assert (call.method, call.request.mailbox_id, call.request.policy) == ("StartHarvest", MAILBOX_ID, policy)


async def test_a_harvest_is_cancelled(gateway: Gateway) -> None:
    gateway.script.answers = [pb.CancelHarvestResponse(harvest=of(Harvest, state="HARVEST_STATE_CANCELLED"))]
    answer = await gateway.http.post(f"{OF_HARVEST}/cancel", headers=BEARER)
    assert answer.json()["state"] == "cancelled"
    assert (gateway.methods, gateway.script.received[0].request.id) == (["CancelHarvest"], HARVEST_ID)


SCHEDULE = of(
    Schedule,
    mailbox_id=MAILBOX_ID,
    enabled=True,
    interval="900s",
    policy="CONTACT_POLICY_CORRESPONDED",
    state="SCHEDULE_STATE_BACKING_OFF",
    next_run_at="2026-11-28T09:30:10Z",
    last_run_at="2026-11-28T09:30:05Z",
    failures=2,
    last_failure=FAILURE,
)


async def test_schedules_are_shown_with_their_times_and_why_they_wait(gateway: Gateway) -> None:
    gateway.script.answers = [pb.ListSchedulesResponse(schedules=[SCHEDULE])]
    assert (await gateway.http.get("/api/contacts/schedules", headers=BEARER)).json() == [
        {
            "mailboxId": MAILBOX_ID,
            "enabled": True,
            "intervalSeconds": 900.0,
            "policy": "corresponded",
            "state": "backing_off",
            "nextRunAt": "2026-11-28T09:30:10Z",
            "lastRunAt": "2026-11-28T09:30:05Z",
            "lastSuccessAt": None,
            "failures": 2,
            "lastFailure": FAILURE_JSON,
        }
    ]


async def test_a_schedule_is_set(gateway: Gateway) -> None:
    gateway.script.answers = [pb.SetScheduleResponse(schedule=SCHEDULE)]
    body = {"enabled": True, "intervalSeconds": 900.5, "policy": "wrote_to"}
    answer = await gateway.http.put(f"{OF_MAILBOX}/schedule", headers=BEARER, json=body)
    assert (answer.status_code, answer.json()["mailboxId"]) == (200, MAILBOX_ID)
    sent = gateway.script.received[0].request
    assert (sent.mailbox_id, sent.enabled, sent.policy) == (MAILBOX_ID, True, 1)
    assert (sent.interval.seconds, sent.interval.nanos) == (900, 500_000_000)


async def test_a_schedule_is_ended_and_keeps_its_interval(gateway: Gateway) -> None:
    await gateway.http.put(f"{OF_MAILBOX}/schedule", headers=BEARER, json={"enabled": False})
    sent = gateway.script.received[0].request
    assert (sent.enabled, sent.policy, sent.HasField("interval")) == (False, 0, False)


@pytest.mark.parametrize("wrong", [299, 604_801, "900", 1e300])
async def test_an_interval_out_of_bounds_is_refused(gateway: Gateway, wrong: object) -> None:
    body = {"enabled": True, "intervalSeconds": wrong}
    answer = await gateway.http.put(f"{OF_MAILBOX}/schedule", headers=BEARER, json=body)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["intervalSeconds"])


async def test_runs_are_shown_with_what_they_found(gateway: Gateway) -> None:
    found = of(
        SyncRun,
        number=2**53 - 1,
        started_at="2026-11-28T09:30:01Z",
        ended_at="2026-11-28T09:30:02Z",
        outcome="SYNC_OUTCOME_NEWS",
        messages=3,
        contacts=5,
        harvest_id=HARVEST_ID,
    )
    failed = of(
        SyncRun,
        number=1,
        started_at="2026-11-28T09:30:01Z",
        ended_at="2026-11-28T09:30:02Z",
        outcome="SYNC_OUTCOME_FAILED",
        failure=FAILURE,
    )
    gateway.script.answers = [pb.ListSyncRunsResponse(runs=[found, failed])]
    shown = (await gateway.http.get(f"{OF_MAILBOX}/runs", headers=BEARER)).json()
    assert shown[0] == {
        "number": 2**53 - 1,
        "startedAt": "2026-11-28T09:30:01Z",
        "endedAt": "2026-11-28T09:30:02Z",
        "outcome": "news",
        "messages": 3,
        "contacts": 5,
        "failure": None,
        "harvestId": HARVEST_ID,
    }
    assert (shown[1]["outcome"], shown[1]["failure"], shown[1]["harvestId"]) == ("failed", FAILURE_JSON, None)
