"""Owns the translation of harvests between protobuf and the model. It decides nothing."""

from __future__ import annotations

from mailbox_svc.model.harvest import (
    Failure,
    FailureCode,
    Harvest,
    HarvestState,
    Policy,
    Progress,
    SkippedFolder,
)
from mailbox_svc.rpc.convert import CODE, remedy_to_pb
from mailbox_svc.rpc.values import chosen, duration, members, timestamp
from mailboxes.v1 import harvest_pb2
from mailboxes.v1.connection_test_pb2 import TEST_CODE_UNSPECIFIED

_STATE = members(HarvestState, harvest_pb2.HarvestState, "HARVEST_STATE_")
_FAILURE = members(FailureCode, harvest_pb2.HarvestFailureCode, "HARVEST_FAILURE_CODE_")
POLICY = members(Policy, harvest_pb2.ContactPolicy, "CONTACT_POLICY_")
#: Of what a mail server may make as long as it likes, so that a harvest always fits into a message.
_MOST_SKIPPED, _LONGEST_NAME = 1000, 200
_POLICY_NAMED = {value: policy for policy, value in POLICY.items()}


def policy_from_pb(value: int, field: str) -> Policy | None:
    """Return the policy, None when it is not specified. Raises InvalidFields."""
    if value == harvest_pb2.CONTACT_POLICY_UNSPECIFIED:
        return None
    return chosen(value, _POLICY_NAMED, field)


def harvest_to_pb(harvest: Harvest) -> harvest_pb2.Harvest:
    """Return the harvest as callers see it."""
    return harvest_pb2.Harvest(
        id=harvest.id,
        mailbox_id=harvest.mailbox_id,
        state=_STATE[harvest.state],
        policy=POLICY[harvest.policy],
        progress=_progress_to_pb(harvest.progress),
        failure=failure_to_pb(harvest.failure) if harvest.failure else None,
        skipped_folders=map(_skipped_to_pb, harvest.skipped_folders[:_MOST_SKIPPED]),
        created_at=timestamp(harvest.created_at),
        started_at=timestamp(harvest.started_at) if harvest.started_at else None,
        ended_at=timestamp(harvest.ended_at) if harvest.ended_at else None,
    )


def _progress_to_pb(progress: Progress) -> harvest_pb2.HarvestProgress:
    return harvest_pb2.HarvestProgress(
        folder=progress.folder[:_LONGEST_NAME],
        folders_done=progress.folders_done,
        folders_total=progress.folders_total,
        scanned=progress.scanned,
        total=progress.total,
        duplicates=progress.duplicates,
        contacts=progress.contacts,
        rate=progress.rate,
    )


def failure_to_pb(failure: Failure) -> harvest_pb2.HarvestFailure:
    """Return the failure as callers see it."""
    connection_code = failure.connection_code
    return harvest_pb2.HarvestFailure(
        code=_FAILURE[failure.code],
        error=failure.error,
        connection_code=CODE[connection_code] if connection_code else TEST_CODE_UNSPECIFIED,
        remedy=remedy_to_pb(failure.remedy) if failure.remedy else None,
        retryable=failure.retryable,
        retry_after=duration(failure.retry_after) if failure.retry_after is not None else None,
    )


def _skipped_to_pb(folder: SkippedFolder) -> harvest_pb2.SkippedFolder:
    return harvest_pb2.SkippedFolder(name=folder.name[:_LONGEST_NAME], reason=folder.reason)
