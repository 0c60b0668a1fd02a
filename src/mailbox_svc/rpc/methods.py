"""Owns what kind of call each RPC method is, and so who may call it and what it is limited by."""

from __future__ import annotations

import enum

from google.protobuf.descriptor_pb2 import MethodOptions
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from mailboxes.v1 import mailbox_service_pb2 as pb

MAILBOX_SERVICE: str = pb.DESCRIPTOR.services_by_name["MailboxService"].full_name
HEALTH_SERVICE: str = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
REFLECTION_SERVICE: str = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"].full_name


class Kind(enum.Enum):
    """How a call is treated."""

    #: Needs a token, a slot and an end.
    USER = enum.auto()
    #: Holds a connection to somebody else's server besides.
    TEST = enum.auto()
    #: For everybody, at any time.
    OPEN = enum.auto()
    #: For everybody, and lasts as long as the client likes.
    OPEN_STREAM = enum.auto()


# Exact names only.
_KINDS = {
    f"/{MAILBOX_SERVICE}/Test": Kind.TEST,
    f"/{HEALTH_SERVICE}/Check": Kind.OPEN,
    f"/{HEALTH_SERVICE}/Watch": Kind.OPEN_STREAM,
    # Reachable only when the server was told to offer reflection.
    f"/{REFLECTION_SERVICE}/ServerReflectionInfo": Kind.OPEN_STREAM,
}


# What the contract says has no side effects.
_READS = frozenset(
    f"/{service.full_name}/{method.name}"
    for service in pb.DESCRIPTOR.services_by_name.values()
    for method in service.methods
    if method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS
)


def is_read(method: str) -> bool:
    """Say whether the method, named in full, changes nothing."""
    return method in _READS


def kind_of(method: str) -> Kind:
    """Return the kind of a method, named in full: `/package.Service/Method`. Without a row it is USER."""
    return _KINDS.get(method, Kind.USER)
