"""Owns who is calling: token and `x-user-id` in, user id out. A token never enters an error or a log."""

from __future__ import annotations

from mailbox_svc.errors import FieldViolation, InvalidFields, NotAllowed, TokenInvalid, TokenMissing
from mailbox_svc.model.caller import is_user_id
from mailbox_svc.ports import TokenVerifier
from mailbox_svc.rpc.call import Metadata, values_of

#: Longer tokens are refused unread; 8 KiB is what common servers take in one header line.
_MAX_TOKEN = 8 * 1024

_USER_ID = "x-user-id"


async def user_of(metadata: Metadata, verifier: TokenVerifier) -> str:
    """Return the id of the user for whom the call is made.

    A user's token stands for its subject. A service token acts for the user named in `x-user-id`,
    and must name one. Raises Unauthenticated in its three kinds, KeysUnavailable, NotAllowed,
    or InvalidFields about `x-user-id`.
    """
    caller = await verifier.verify(_bearer_token(metadata))
    named = values_of(metadata, _USER_ID)
    if caller.is_service:
        if len(named) != 1 or not is_user_id(named[0]):
            raise InvalidFields(
                FieldViolation(_USER_ID, "A service token must name one user in x-user-id metadata.")
            )
        return named[0]
    if not is_user_id(caller.subject):
        raise TokenInvalid
    if any(name != caller.subject for name in named):
        raise NotAllowed("Only a service token may act for another user.")
    return caller.subject


def _bearer_token(metadata: Metadata) -> str:
    match values_of(metadata, "authorization"):
        case []:
            raise TokenMissing
        case [value]:
            scheme, _, token = value.partition(" ")
        case _:
            raise TokenInvalid
    token = token.strip()
    # RFC 9110 §11.1: the scheme's name is case-insensitive.
    if scheme.lower() != "bearer" or not token:
        raise TokenMissing
    if len(token) > _MAX_TOKEN:
        raise TokenInvalid
    return token
