"""Owns what holds for each RPC method: who may call it, how long it may take, which slots it needs."""

from __future__ import annotations

from dataclasses import dataclass

from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from mailboxes.v1 import mailbox_service_pb2 as pb

MAILBOX_SERVICE: str = pb.DESCRIPTOR.services_by_name["MailboxService"].full_name
HEALTH_SERVICE: str = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
REFLECTION_SERVICE: str = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"].full_name

#: `Test` on the wire.
TEST = f"/{MAILBOX_SERVICE}/Test"


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one method."""

    #: Seconds after which the call is over whatever the client allows; None never ends it.
    longest: float | None = 10.0
    #: Everybody may call it, without a token.
    is_open: bool = False
    #: It holds a connection to somebody else's server while it runs.
    is_test: bool = False


#: Exact names only. A method that has no row needs a token and ends after ten seconds.
_RULES = {
    TEST: Rule(longest=60.0, is_test=True),
    f"/{HEALTH_SERVICE}/Check": Rule(is_open=True),
    f"/{HEALTH_SERVICE}/Watch": Rule(longest=None, is_open=True),
    # Reachable only when the server was told to offer reflection.
    f"/{REFLECTION_SERVICE}/ServerReflectionInfo": Rule(longest=None, is_open=True),
}
_DEFAULT = Rule()


def rule_of(method: str) -> Rule:
    """Return the rule of a method, by its full name on the wire: `/package.Service/Method`."""
    return _RULES.get(method, _DEFAULT)
