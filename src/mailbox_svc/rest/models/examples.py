"""Examples in the OpenAPI document: a user, her mailbox and what was found in it. Tests validate them all."""

from __future__ import annotations

from typing import Any, Final

_MAILBOX_ID: Final = "0192d0c0-0000-7000-8000-000000000001"
_HARVEST_ID: Final = "0192d0c0-0000-7000-8000-000000000002"
_GROUP_ID: Final = "0192d0c0-0000-7000-8000-000000000003"
_CONTACT_IDS: Final = ["0192d0c0-0000-7000-8000-000000000004", "0192d0c0-0000-7000-8000-000000000005"]
_MERGE_ID: Final = "0192d0c0-0000-7000-8000-000000000006"

_CONNECTION: Final = {"host": "imap.example.org", "port": 993, "tls": True, "user": "ann@example.org"}
_REMEDY: Final = {
    "text": "Make an app password at Gmail and enter it in place of the password.",
    "url": "https://myaccount.google.com/apppasswords",
}
_CHECK: Final = {"stage": "resolve", "ok": True, "took": 0.012}
_PROGRESS: Final = {
    "folder": "INBOX",
    "foldersDone": 1,
    "foldersTotal": 4,
    "scanned": 1200,
    "total": 4800,
    "duplicates": 17,
    "contacts": 210,
    "rate": 950.5,
}
_FAILURE: Final = {
    "code": "connection",
    "error": "The server closed the connection.",
    "connectionCode": "server_disconnected",
    "remedy": None,
    "retryable": True,
    "retryAfter": 30.0,
}
_SKIPPED_FOLDER: Final = {"name": "Public", "reason": "The server does not let this folder be read."}
_HARVEST: Final = {
    "id": _HARVEST_ID,
    "mailboxId": _MAILBOX_ID,
    "state": "running",
    "policy": "corresponded",
    "progress": _PROGRESS,
    "failure": None,
    "skippedFolders": [_SKIPPED_FOLDER],
    "createdAt": "2026-11-28T09:30:00Z",
    "startedAt": "2026-11-28T09:30:00.250000Z",
    "endedAt": None,
}
_ADDRESS: Final = {"address": "Bob@example.com", "matchKey": "bob@example.com"}
_REASON: Final = {"code": "wrote_to", "text": "you wrote to them 4 times"}
_TYPED: Final = {"displayName": "", "organization": "Example Ltd", "phone": "", "note": "Met in Lisbon"}
_CONTACT: Final = {
    "id": _CONTACT_IDS[0],
    "displayName": "Bob Miller",
    "address": "Bob@example.com",
    "addresses": [_ADDRESS],
    "kind": "person",
    "reason": _REASON,
    "skippedBecause": None,
    "rank": 63,
    "wroteTo": 4,
    "received": 7,
    "seenTogether": 2,
    "firstAt": "2024-03-01T10:00:00Z",
    "lastAt": "2026-11-20T16:20:00Z",
    "alternateNames": ["Robert Miller"],
    "typed": _TYPED,
    "groupIds": [_GROUP_ID],
    "etag": "5f0c1d2e3b4a5968",
}
_OTHER: Final = {
    **_CONTACT,
    "id": _CONTACT_IDS[1],
    "address": "robert.miller@example.com",
    "addresses": [{"address": "robert.miller@example.com", "matchKey": "robert.miller@example.com"}],
    "rank": 12,
}
_SKIPPED: Final = {
    **_CONTACT,
    "id": _CONTACT_IDS[1],
    "displayName": "News",
    "address": "news@shop.example",
    "addresses": [{"address": "news@shop.example", "matchKey": "news@shop.example"}],
    "kind": "automated",
    "reason": {"code": "bulk", "text": "newsletter: List-Unsubscribe, never written to"},
    "skippedBecause": "automated",
    "rank": 0,
}
_DUPLICATE: Final = {
    "first": _CONTACT,
    "second": _OTHER,
    "score": 0.93,
    "why": "Same name, and both use example.com.",
}
_GROUP: Final = {
    "id": _GROUP_ID,
    "name": "Friends",
    "members": 12,
    "etag": "8d7c6b5a49382716",
    "createdAt": "2026-11-02T08:00:00Z",
    "updatedAt": "2026-11-21T19:05:00Z",
}
_SKIPPED_COUNT: Final = {"reason": "automated", "count": 31}

#: By the name of the model.
EXAMPLES: Final[dict[str, Any]] = {
    "Mailbox": {
        "id": _MAILBOX_ID,
        "label": "Work",
        **_CONNECTION,
        "has_password": True,
        "status": "error",
        "lastTestedAt": "2026-11-28T09:30:00Z",
        "lastError": "Invalid credentials",
        "auth": "password",
        "provider": None,
        "oauthProvider": None,
        "needsReauth": False,
        "etag": "72ec67a5f8d6cf2c",
        "createdAt": "2026-11-01T08:00:00Z",
        "updatedAt": "2026-11-20T17:45:10.250000Z",
        "lastRemedy": _REMEDY,
    },
    "MailboxBody": {"label": "Work", **_CONNECTION, "password": "abcd efgh ijkl mnop"},
    "DraftBody": {**_CONNECTION, "password": "abcd efgh ijkl mnop"},
    "Remedy": _REMEDY,
    "Check": _CHECK,
    "TestPassed": {"ok": True},
    "TestFailed": {
        "ok": False,
        "error": "Invalid credentials: Gmail takes an app password here, not the account password.",
        "code": "auth_invalid_credentials",
        "stage": "auth",
        "remedy": _REMEDY,
        "wrongFields": ["password", "user"],
        "retryable": False,
        "retryAfter": None,
        "checks": [_CHECK, {"stage": "auth", "ok": False, "took": 0.51}],
    },
    "Suggestion": {
        "source": "provider",
        "host": "imap.gmail.com",
        "port": 993,
        "tls": True,
        "user": "ann@gmail.com",
        "providerName": "Gmail",
        "passwordHint": _REMEDY,
        "oauthProvider": "google",
    },
    "Ok": {"ok": True},
    "Progress": _PROGRESS,
    "Failure": _FAILURE,
    "SkippedFolder": _SKIPPED_FOLDER,
    "Harvest": _HARVEST,
    "HarvestBody": {"policy": "corresponded"},
    "ScheduleBody": {"enabled": True, "intervalSeconds": 900, "policy": "corresponded"},
    "Schedule": {
        "mailboxId": _MAILBOX_ID,
        "enabled": True,
        "intervalSeconds": 900.0,
        "policy": "corresponded",
        "state": "backing_off",
        "nextRunAt": "2026-11-28T10:00:00Z",
        "lastRunAt": "2026-11-28T09:30:00Z",
        "lastSuccessAt": "2026-11-28T09:15:00Z",
        "failures": 1,
        "lastFailure": _FAILURE,
    },
    "SyncRun": {
        "number": 421,
        "startedAt": "2026-11-28T09:15:00Z",
        "endedAt": "2026-11-28T09:15:02Z",
        "outcome": "news",
        "messages": 3,
        "contacts": 5,
        "failure": None,
        "harvestId": _HARVEST_ID,
    },
    "Address": _ADDRESS,
    "Reason": _REASON,
    "Typed": _TYPED,
    "Contact": _CONTACT,
    "ContactPage": {"contacts": [_CONTACT], "nextPageToken": None, "totalSize": 1},
    "SkippedPage": {"skipped": [_SKIPPED], "nextPageToken": None, "totalSize": 1},
    "ContactBody": {"displayName": "Bob Miller", "note": "Met in Lisbon"},
    "Duplicate": _DUPLICATE,
    "DuplicatePage": {"duplicates": [_DUPLICATE], "nextPageToken": None, "totalSize": 1},
    "PairBody": {"firstId": _CONTACT_IDS[0], "secondId": _CONTACT_IDS[1]},
    "MergeBody": {"ids": _CONTACT_IDS},
    "Merged": {"contact": _CONTACT, "mergeId": _MERGE_ID},
    "Unmerged": {"contacts": [_CONTACT, _OTHER]},
    "Group": _GROUP,
    "GroupBody": {"name": "Friends"},
    "MembersBody": {"contactIds": _CONTACT_IDS},
    "SelectionBody": {"kinds": ["person"], "minRank": 50},
    "ImportBody": {"groupName": "Friends", "selection": {"minRank": 50}, "dryRun": True},
    "SkippedCount": _SKIPPED_COUNT,
    "ImportResult": {"group": _GROUP, "added": 9, "updated": 1, "unchanged": 2, "skipped": [_SKIPPED_COUNT]},
    "Provider": {
        "id": "google",
        "name": "Google",
        "configured": True,
        "host": "imap.gmail.com",
        "port": 993,
        "scopes": ["https://mail.google.com/", "openid", "email"],
    },
    "StartBody": {"loginHint": "ann@gmail.com"},
    "Started": {"authorizationUrl": "https://accounts.google.com/o/oauth2/v2/auth?client_id=1234&state=abcd"},
    "Revoked": {"ok": True, "toldProvider": True},
    "Error": {"error": "There is no mailbox with this id.", "code": "MAILBOX_NOT_FOUND", "fields": {}},
}
