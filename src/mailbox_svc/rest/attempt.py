"""What a browser keeps for us while its user is at the provider: one cookie, for ten minutes.

The callback comes from the provider and carries no token. Whoever began must be the one to end it, in the
same browser: otherwise an attacker begins, has a victim consent, and gets the victim's mail (RFC 9700 §4.7).
So the cookie carries the caller's own token, and without it nothing is completed. It comes back from outside:
all that it holds is checked again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, unquote

from fastapi import Request, Response

from mailbox_svc.rest.origins import is_local_http
from mailbox_svc.rest.problems import Problem, Refused

#: Where these routes begin.
PATH: Final = "/api/auth"
#: As long as the service waits for a state.
_SECONDS: Final = 600
_NAME: Final = "mailbox-svc-oauth"
#: Bytes of name, value and attributes together; browsers drop larger ones without a word.
_MAX_COOKIE: Final = 4096


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to connect an account."""

    provider: str
    token: str = field(repr=False)
    #: The origin of the page that is to be told; empty when there is none.
    opener: str
    #: Where the browser goes at the end; empty for the page that closes itself.
    return_to: str

    def remember(self, request: Request, response: Response) -> None:
        """Have the browser keep this. Raises Refused when it would not fit."""
        value = ":".join(quote(one, safe="") for one in self._parts)
        _set(request, response, self.provider, value, _SECONDS)
        if len(response.headers["set-cookie"]) > _MAX_COOKIE:
            sentence = "The token is too long to connect an account with; it must stay below 3 kB."
            raise Refused(Problem(HTTPStatus.BAD_REQUEST, "TOKEN_TOO_LONG", sentence))

    @property
    def _parts(self) -> tuple[str, ...]:
        return self.provider, self.token, self.opener, self.return_to


def remembered(request: Request, provider: str) -> Attempt | None:
    """Return what this browser kept for this provider, None when that is nothing that we have written."""
    parts = request.cookies.get(_name(request, provider), "").split(":")
    if len(parts) != len(Attempt.__slots__):
        return None
    return Attempt(*(unquote(one) for one in parts))


def forget(request: Request, response: Response, provider: str) -> None:
    """Have the browser drop it: it was good for one callback."""
    _set(request, response, provider, "", 0)


def _set(request: Request, response: Response, provider: str, value: str, seconds: int) -> None:
    response.set_cookie(
        _name(request, provider),
        value,
        max_age=seconds,
        path="/",
        secure=not is_local_http(request),
        httponly=True,
        samesite="lax",  # it must come with the navigation from the provider, and with nothing else
    )


def _name(request: Request, provider: str) -> str:
    """One for each provider, so that two attempts in one browser do not end each other."""
    # A provider's id is part of a path, and anything may stand there.
    name = f"{_NAME}-{hashlib.sha256(provider.encode()).hexdigest()[:16]}"
    # With this prefix browsers take it from this host alone and over TLS only (RFC 6265bis §4.1.3.2), so that
    # neither a sibling domain nor anybody on the way can plant one: the victim's account would become the
    # planter's mailbox. The price is that it goes with all requests to this host; only the callback reads it.
    return name if is_local_http(request) else f"__Host-{name}"
