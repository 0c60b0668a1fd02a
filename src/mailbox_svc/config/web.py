"""Checks of web addresses in settings. Never looks a name up and never connects.

A message holds nothing of the value: what was pasted into the wrong line may be a secret.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

_DEFAULT_PORTS = {"https": 443, "http": 80}


def endpoint(value: str) -> str:
    """Accept the URL of a provider's endpoint (RFC 6749 §3.1, §3.2)."""
    _checked(value)
    return value


def issuer(value: str) -> str:
    """Accept an issuer's name: a URL without query (RFC 8414 §2)."""
    if _checked(value).query:
        raise ValueError("must have no query")
    return value


def redirect_uri(provider: str) -> Callable[[str], str]:
    """Return the check of a redirect URI of this provider: it must lead to the gateway's callback."""
    path = f"/api/auth/{provider}/callback"

    def check(value: str) -> str:
        parts = _checked(value)
        if parts.query or not parts.path.endswith(path):
            raise ValueError(f"must end in {path}")
        return value

    return check


def origin(value: str) -> str:
    """Accept the origin of a page, and return it as browsers write it (RFC 6454 §6.2)."""
    parts = _checked(value)
    if parts.path or parts.query or value.endswith("?"):
        raise ValueError("must be an origin such as https://app.example.org, without a path")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def host(value: str) -> str:
    """Accept the name or address of a server, and return it as `Save` stores it."""
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    with suppress(ValueError):
        return str(ipaddress.ip_address(bare))
    name = value.removesuffix(".").lower()
    if not name or not name.isascii() or not name.isprintable() or set(name) & set(" /@?#*\\:[]"):
        raise ValueError("must be the name of a server without a port, such as imap.example.org")
    return name


Endpoint = Annotated[str, AfterValidator(endpoint)]
Issuer = Annotated[str, AfterValidator(issuer)]
Origin = Annotated[str, AfterValidator(origin)]
Host = Annotated[str, AfterValidator(host)]


def _checked(value: str) -> SplitResult:
    # urlsplit drops tabs and line ends without a word, and browsers read `\` as `/`.
    if not value.isascii() or not value.isprintable() or set(value) & set(" \\"):
        raise ValueError("must be a URL in plain ASCII without spaces")
    try:
        parts = urlsplit(value)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be a URL with a host, such as https://example.org")
    name = parts.hostname or ""
    if "*" in name or "@" in parts.netloc or "#" in value:
        raise ValueError("must have no user name, no fragment and no '*'")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(name)):
        raise ValueError("must start with https:// (http:// only where the host is this machine)")
    return parts


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
