"""Decides which pages may use the gateway from a browser, and where a browser may be sent. No I/O.

The allow-list is the operator's, plus the gateway's own origin: what it serves itself may call it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode, urlsplit

from fastapi import Request

from mailbox_svc.rest.problems import Problem, Refused

#: Characters; all of it must fit into a cookie beside a token.
_MAX_URL: Final = 1024
_HOST = re.compile(r"([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
# No blank, control character or backslash, which browsers drop, or read as a slash.
_PLAIN_URL = re.compile(r"[!-\[\]-~]+")


def host_of(request: Request) -> str:
    """Return the host and port that the client has called, as it wrote them."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise Refused(Problem(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", "The Host header is not valid."))
    return host.lower()


def is_local_http(request: Request) -> bool:
    """Say whether the browser is on this machine and no TLS is used: a developer's."""
    name = host_of(request)
    name = name.partition("]")[0].strip("[") if name.startswith("[") else name.partition(":")[0]
    try:
        local = ipaddress.ip_address(name).is_loopback
    except ValueError:
        local = name == "localhost"
    return local and request.url.scheme == "http"


class Origins:
    """What is allowed for one request."""

    def __init__(self, allowed: tuple[str, ...], request: Request) -> None:
        self._allowed = allowed
        own = host_of(request)
        # A proxy may have ended TLS before us, so that we see http where the browser sees https.
        schemes = {"https", request.url.scheme}
        self._own = {f"{scheme}://{own}" for scheme in schemes}

    def allow(self, origin: str) -> bool:
        """Say whether pages of this origin may learn the outcome."""
        return origin in self._allowed or origin in self._own

    def may_return_to(self, url: str) -> bool:
        """Say whether a browser may be sent to this URL: absolute, and plainly on an allowed origin.

        The origin must stand there letter for letter, with nothing between it and path, query, fragment
        or end: then there is no second way to read it.
        """
        if len(url) > _MAX_URL or not _PLAIN_URL.fullmatch(url):
            return False
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        origin = f"{parts.scheme}://{parts.netloc}"
        return self.allow(origin) and (url == origin or url.startswith((f"{origin}/", f"{origin}?")))


def opener_of(request: Request, origins: Origins) -> str:
    """Return the origin of the page that makes this request, empty when no page does."""
    origin = request.headers.get("origin", "")
    if origin and not origins.allow(origin):
        sentence = "Pages of this origin may not use this service."
        raise Refused(Problem(HTTPStatus.FORBIDDEN, "ORIGIN_NOT_ALLOWED", sentence))
    return origin


def with_result(url: str, result: Mapping[str, str]) -> str:
    """Return the URL with the outcome in its query, instead of an earlier attempt's."""
    parts = urlsplit(url)
    others = [
        one for one in parts.query.split("&") if one and one.partition("=")[0] not in {*result, *_RESULT}
    ]
    return parts._replace(query="&".join([*others, urlencode(result)])).geturl()


_RESULT: Final = ("oauth", "mailboxId", "code")
