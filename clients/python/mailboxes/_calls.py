"""What the two clients share about calls: metadata, channel settings, times, a mailbox's requests. No I/O."""

from __future__ import annotations

import ipaddress
import json
from typing import Final, NotRequired, TypedDict, Unpack

import grpc
from google.protobuf.descriptor_pb2 import MethodOptions

from mailboxes.v1 import contact_service_pb2, harvest_service_pb2, mailbox_service_pb2, oauth_service_pb2
from mailboxes.v1 import mailbox_service_pb2 as pb
from mailboxes.v1.mailbox_pb2 import Mailbox

#: Whether to use TLS: by target when None, with the system's roots when True, or with one's own.
Tls = bool | grpc.ChannelCredentials | None
#: The clients' method `list` hides the type's name inside them.
Mailboxes = list[Mailbox]

#: Seconds.
TIMEOUT: Final = 10.0
#: Seconds; slow servers need up to half a minute to refuse a login.
TEST_TIMEOUT: Final = 60.0

#: Seconds; as long as the service allows. A code that was sent cannot be sent again.
OAUTH_TIMEOUT: Final = 60.0
#: Seconds; as long as the service allows.
IMPORT_TIMEOUT: Final = 60.0
#: Seconds; as long as the service allows.
DUPLICATES_TIMEOUT: Final = 60.0
#: Seconds; as long as the service allows.
EXPORT_TIMEOUT: Final = 600.0

# Only what changes nothing: repeating a Save, Delete or Test whose answer was lost is the caller's decision.
_READS = [
    {"service": service.full_name, "method": method.name}
    for file in (mailbox_service_pb2, harvest_service_pb2, contact_service_pb2, oauth_service_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
    if method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS
]
_RETRIES = {
    "methodConfig": [
        {
            "name": _READS,
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}
CHANNEL_OPTIONS: Final = (
    ("grpc.service_config", json.dumps(_RETRIES)),
    # A watched harvest may be silent for long; this finds out that the connection is gone.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Two minutes by default: longer than a watched harvest is patient.
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


class DraftFields(TypedDict):
    """A connection to test before it is saved."""

    host: str
    user: str
    password: NotRequired[str | None]
    #: Default: True. False is STARTTLS, required.
    tls: NotRequired[bool]
    #: Default: 993, or 143 without `tls`.
    port: NotRequired[int]
    #: Of a saved mailbox. In a draft: its stored password is used, if nothing else differs. To save: updates
    #: this mailbox, or creates it under this UUID, so that the call may be repeated safely.
    id: NotRequired[str | None]


class SaveFields(DraftFields):
    """A mailbox to save. All fields replace the stored ones; without a password the stored one is kept."""

    label: str
    #: Of the mailbox that was read; StaleEtag when it has changed since.
    etag: NotRequired[str | None]


def save_request(**fields: Unpack[SaveFields]) -> pb.SaveRequest:
    return _with_defaults(pb.SaveRequest(**fields), fields)


def draft_request(**fields: Unpack[DraftFields]) -> pb.TestRequest:
    return pb.TestRequest(draft=_with_defaults(pb.SaveRequest(**fields), fields))


def _with_defaults(request: pb.SaveRequest, fields: DraftFields) -> pb.SaveRequest:
    if "tls" not in fields:
        request.tls = True
    if "port" not in fields:
        request.port = 993 if request.tls else 143
    return request


def metadata(token: str, user_id: str | None) -> tuple[tuple[str, str], ...]:
    """Return a call's metadata. Raises ValueError, which does not repeat the token."""
    token = token.strip()  # files end with a line break
    if not token or not token.isascii() or not token.isprintable():
        raise ValueError("the token is empty or has characters that no token has")
    bearer = ("authorization", f"Bearer {token}")
    return (bearer,) if user_id is None else (bearer, ("x-user-id", user_id))


def credentials(target: str, tls: Tls) -> grpc.ChannelCredentials | None:
    """Return the credentials for the channel, None for one without TLS."""
    if isinstance(tls, grpc.ChannelCredentials):
        return tls
    use_tls = not _is_local(target) if tls is None else tls
    return grpc.ssl_channel_credentials() if use_tls else None


def _is_local(target: str) -> bool:
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    host = target.removeprefix("dns:///").rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
