"""What is lost, added or renamed between the contract and a harvest: nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from mailbox_svc.errors import InvalidFields
from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import (
    Failure,
    FailureCode,
    Harvest,
    HarvestState,
    Policy,
    Progress,
    SkippedFolder,
)
from mailbox_svc.model.remedy import Remedy
from mailbox_svc.rpc.convert_harvest import harvest_to_pb, policy_from_pb
from mailboxes.v1 import harvest_pb2

CREATED, STARTED, ENDED = (datetime(2026, 11, 23, hour, 0, 0, 123456, UTC) for hour in (6, 7, 8))

HARVEST = Harvest(
    id="8c6ed5a4-2b0c-4a53-9e60-6f1b42c0a0c5",
    user_id="ann",
    mailbox_id="0f6f2f0e-94a5-4cb6-8f2f-1c8ed5f0a0aa",
    state=HarvestState.FAILED,
    policy=Policy.WROTE_TO,
    progress=Progress(
        folder="Entwürfe",
        folders_done=2,
        folders_total=3,
        scanned=2**40,
        total=2**41,
        duplicates=7,
        contacts=9,
        rate=1234.5,
    ),
    failure=Failure(
        code=FailureCode.CONNECTION,
        error="Too many logins.",
        connection_code=Code.RATE_LIMITED,
        remedy=Remedy("Wait.", "https://example.org/wait"),
        retryable=True,
        retry_after=90.5,
    ),
    skipped_folders=(SkippedFolder("Old", "It is gone."),),
    attempt=3,
    lease_until=ENDED,
    created_at=CREATED,
    started_at=STARTED,
    ended_at=ENDED,
)


def test_a_harvest_is_shown_whole_but_for_user_attempt_and_lease() -> None:
    shown = MessageToDict(harvest_to_pb(HARVEST), always_print_fields_with_no_presence=True)
    assert shown == {
        "id": HARVEST.id,
        "mailboxId": HARVEST.mailbox_id,
        "state": "HARVEST_STATE_FAILED",
        "policy": "CONTACT_POLICY_WROTE_TO",
        "progress": {
            "folder": "Entwürfe",
            "foldersDone": 2,
            "foldersTotal": 3,
            "scanned": str(2**40),
            "total": str(2**41),
            "duplicates": "7",
            "contacts": "9",
            "rate": 1234.5,
        },
        "failure": {
            "code": "HARVEST_FAILURE_CODE_CONNECTION",
            "error": "Too many logins.",
            "connectionCode": "TEST_CODE_RATE_LIMITED",
            "remedy": {"text": "Wait.", "url": "https://example.org/wait"},
            "retryable": True,
            "retryAfter": "90.500s",
        },
        "skippedFolders": [{"name": "Old", "reason": "It is gone."}],
        "createdAt": "2026-11-23T06:00:00.123456Z",
        "startedAt": "2026-11-23T07:00:00.123456Z",
        "endedAt": "2026-11-23T08:00:00.123456Z",
    }


def test_what_is_not_known_is_absent() -> None:
    shown = harvest_to_pb(replace(HARVEST, failure=None, started_at=None, ended_at=None))
    assert not any(shown.HasField(field) for field in ("failure", "started_at", "ended_at"))
    shown = harvest_to_pb(replace(HARVEST, failure=Failure(FailureCode.INTERNAL, "A defect.")))
    assert not shown.failure.HasField("remedy")
    assert not shown.failure.HasField("retry_after")
    assert shown.failure.connection_code == 0


def test_a_harvest_of_a_hostile_server_fits_into_a_message() -> None:
    endless = "\U0001f4eb" * 10_000
    skipped = (SkippedFolder(endless, "It is gone."),) * 5000
    shown = harvest_to_pb(replace(HARVEST, skipped_folders=skipped, progress=Progress(folder=endless)))
    assert shown.ByteSize() < 2**20
    assert len(shown.skipped_folders) == 1000
    assert {folder.name for folder in shown.skipped_folders} == {shown.progress.folder} == {endless[:200]}


@pytest.mark.parametrize(
    ("contract", "prefix", "model"),
    [
        (harvest_pb2.HarvestState, "HARVEST_STATE_", HarvestState),
        (harvest_pb2.HarvestFailureCode, "HARVEST_FAILURE_CODE_", FailureCode),
        (harvest_pb2.ContactPolicy, "CONTACT_POLICY_", Policy),
    ],
)
def test_the_contract_names_what_the_model_names(contract: Any, prefix: str, model: Any) -> None:
    named = {name.removeprefix(prefix) for name in contract.keys()}  # noqa: SIM118
    assert named - {"UNSPECIFIED"} == {member.name for member in model}


def test_every_state_policy_and_code_has_its_namesake() -> None:
    for state in HarvestState:
        shown = harvest_to_pb(replace(HARVEST, state=state)).state
        assert harvest_pb2.HarvestState.Name(shown) == f"HARVEST_STATE_{state.name}"
    for code in FailureCode:
        failure = harvest_to_pb(replace(HARVEST, failure=Failure(code, ""))).failure
        assert harvest_pb2.HarvestFailureCode.Name(failure.code) == f"HARVEST_FAILURE_CODE_{code.name}"
    for policy in Policy:
        value = harvest_to_pb(replace(HARVEST, policy=policy)).policy
        assert harvest_pb2.ContactPolicy.Name(value) == f"CONTACT_POLICY_{policy.name}"
        assert policy_from_pb(value, "policy") is policy


def test_no_policy_is_none() -> None:
    assert policy_from_pb(harvest_pb2.CONTACT_POLICY_UNSPECIFIED, "policy") is None


@pytest.mark.parametrize("value", [4, 99, -1])
def test_a_policy_that_the_contract_does_not_have_is_refused_by_name(value: int) -> None:
    with pytest.raises(InvalidFields) as caught:
        policy_from_pb(value, "selection.policy")
    [violation] = caught.value.violations
    assert violation.field == "selection.policy"
    assert "WROTE_TO, CORRESPONDED, EVERYONE" in violation.description
