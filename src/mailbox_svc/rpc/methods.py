"""Owns what kind of call each RPC method is, and so who may call it and what it is limited by."""

from __future__ import annotations

import enum

from google.protobuf.descriptor_pb2 import MethodOptions
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from mailboxes.v1 import contact_service_pb2, harvest_service_pb2, mailbox_service_pb2, oauth_service_pb2

_OURS = tuple(
    service
    for file in (mailbox_service_pb2, harvest_service_pb2, contact_service_pb2, oauth_service_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
)
#: The names in full of the services that this project defines.
SERVICES: tuple[str, ...] = tuple(service.full_name for service in _OURS)
_MAILBOXES, _HARVESTS, _CONTACTS, _OAUTH = SERVICES
HEALTH_SERVICE: str = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
REFLECTION_SERVICE: str = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"].full_name


class Kind(enum.Enum):
    """How a call is treated."""

    #: Needs a token, a slot and an end.
    USER = enum.auto()
    #: Holds a connection to somebody else's server besides.
    TEST = enum.auto()
    #: The same, to a provider's endpoints.
    OAUTH = enum.auto()
    #: Works through all contacts of its user.
    IMPORT = enum.auto()
    #: The same, and goes at its client's pace.
    EXPORT = enum.auto()
    #: Compares all contacts of its user with one another.
    COMPARE = enum.auto()
    #: A stream that waits for news of a harvest, and can be opened again at any time.
    WATCH = enum.auto()
    #: For everybody, at any time.
    OPEN = enum.auto()
    #: For everybody, and lasts as long as the client likes.
    OPEN_STREAM = enum.auto()


# Exact names only.
_KINDS = {
    f"/{_MAILBOXES}/Test": Kind.TEST,
    f"/{_HARVESTS}/WatchHarvest": Kind.WATCH,
    f"/{_OAUTH}/CompleteAuthorization": Kind.OAUTH,
    f"/{_OAUTH}/Revoke": Kind.OAUTH,
    f"/{_CONTACTS}/ImportContacts": Kind.IMPORT,
    f"/{_CONTACTS}/ExportContacts": Kind.EXPORT,
    f"/{_CONTACTS}/ListDuplicates": Kind.COMPARE,
    f"/{HEALTH_SERVICE}/Check": Kind.OPEN,
    f"/{HEALTH_SERVICE}/Watch": Kind.OPEN_STREAM,
    # Reachable only when the server was told to offer reflection.
    f"/{REFLECTION_SERVICE}/ServerReflectionInfo": Kind.OPEN_STREAM,
}


# What the contract says has no side effects.
_READS = frozenset(
    f"/{service.full_name}/{method.name}"
    for service in _OURS
    for method in service.methods
    if method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS
)


def is_read(method: str) -> bool:
    """Say whether the method, named in full, changes nothing."""
    return method in _READS


def kind_of(method: str) -> Kind:
    """Return the kind of a method, named in full: `/package.Service/Method`. Without a row it is USER."""
    return _KINDS.get(method, Kind.USER)
