"""Client of mailbox-svc. Imports nothing but grpcio, protobuf and the generated contract."""

from __future__ import annotations

from mailboxes._async import AsyncClient
from mailboxes._sync import Client
from mailboxes.errors import (
    AuthorizationFailed,
    GroupLimitReached,
    GroupNameTaken,
    InvalidFields,
    MailboxError,
    MailboxLimitReached,
    MergedSince,
    NotAllowed,
    NotConnected,
    NotFound,
    NotMergeable,
    PasswordRequired,
    RateLimited,
    StaleEtag,
    TimedOut,
    Unauthenticated,
    Unavailable,
)
from mailboxes.v1.connection_test_pb2 import TestCode, TestStage
from mailboxes.v1.contact_pb2 import Contact, ContactKind, ContactReasonCode, Group, SkipReason
from mailboxes.v1.contact_service_pb2 import (
    Duplicate,
    ImportContactsResponse,
    ListContactsResponse,
    ListDuplicatesResponse,
    ListSkippedResponse,
    MergeContactsResponse,
)
from mailboxes.v1.harvest_pb2 import ContactPolicy, Harvest, HarvestFailureCode, HarvestState
from mailboxes.v1.mailbox_pb2 import Auth, Mailbox, MailboxStatus
from mailboxes.v1.mailbox_service_pb2 import SettingsSource, SuggestSettingsResponse, TestResponse
from mailboxes.v1.oauth_pb2 import OAuthProvider
from mailboxes.v1.oauth_service_pb2 import RevokeResponse, StartAuthorizationResponse
from mailboxes.v1.schedule_pb2 import Schedule, ScheduleState, SyncOutcome, SyncRun

__all__ = [
    "AsyncClient",
    "Auth",
    "AuthorizationFailed",
    "Client",
    "Contact",
    "ContactKind",
    "ContactPolicy",
    "ContactReasonCode",
    "Duplicate",
    "Group",
    "GroupLimitReached",
    "GroupNameTaken",
    "Harvest",
    "HarvestFailureCode",
    "HarvestState",
    "ImportContactsResponse",
    "InvalidFields",
    "ListContactsResponse",
    "ListDuplicatesResponse",
    "ListSkippedResponse",
    "Mailbox",
    "MailboxError",
    "MailboxLimitReached",
    "MailboxStatus",
    "MergeContactsResponse",
    "MergedSince",
    "NotAllowed",
    "NotConnected",
    "NotFound",
    "NotMergeable",
    "OAuthProvider",
    "PasswordRequired",
    "RateLimited",
    "RevokeResponse",
    "Schedule",
    "ScheduleState",
    "SettingsSource",
    "SkipReason",
    "StaleEtag",
    "StartAuthorizationResponse",
    "SuggestSettingsResponse",
    "SyncOutcome",
    "SyncRun",
    "TestCode",
    "TestResponse",
    "TestStage",
    "TimedOut",
    "Unauthenticated",
    "Unavailable",
]
