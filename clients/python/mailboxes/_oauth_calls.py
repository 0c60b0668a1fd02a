"""The requests about connecting accounts, which the two clients share. No I/O.

Nothing here repeats a state or a code in an error.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from mailboxes.v1 import oauth_service_pb2 as pb

#: More than any provider sends; whatever else a pasted text may be, it is not taken apart for long.
_MOST_PARAMETERS = 100


def start_request(
    provider: str, login_hint: str | None, mailbox_id: str | None
) -> pb.StartAuthorizationRequest:
    return pb.StartAuthorizationRequest(provider=provider, login_hint=login_hint, mailbox_id=mailbox_id)


def complete_request(
    state: str, code: str | None, iss: str | None, error: str | None
) -> pb.CompleteAuthorizationRequest:
    return pb.CompleteAuthorizationRequest(state=state, code=code, iss=iss, error=error)


def redirected_request(url: str) -> pb.CompleteAuthorizationRequest:
    """Return what the URL says that the browser ended on (RFC 6749 §4.1.2, RFC 9207 §2).

    Raises ValueError when it has no state, or one of the parameters twice.
    """
    query = url.strip().partition("?")[2].partition("#")[0]
    given = parse_qs(query, max_num_fields=_MOST_PARAMETERS)
    if "state" not in given:
        raise ValueError("there is no state in this URL")
    request = pb.CompleteAuthorizationRequest()
    for name in ("state", "code", "iss", "error"):
        match given.get(name, []):
            case [value]:
                setattr(request, name, value)
            case [_, *_]:
                # Two readers might each believe another one.
                raise ValueError(f"there is more than one {name} in this URL")
    return request
