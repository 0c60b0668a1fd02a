"""A user with a browser: opens an authorization URL, logs in, and is sent back to the service."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx2

#: A page after page of redirects; ours needs six.
_MOST_REDIRECTS = 20


@dataclass(frozen=True, slots=True)
class SentBack:
    """The query of the redirect URI that the browser was sent to (RFC 6749 section 4.1.2, RFC 9207)."""

    #: The whole address, to be opened where a gateway listens.
    url: str
    state: str = ""
    code: str = ""
    iss: str = ""
    error: str = ""


async def authorize(
    authorization_url: str, *, address: str | None = None, unticks: Sequence[str] = (), error: str = ""
) -> SentBack:
    """Open the URL in a new browser and do as the provider asks, up to the redirect URI, which is not opened.

    The user logs in as `address` (without one, as the login hint says), allows all scopes but those it
    `unticks`, or says no with this `error`, such as `access_denied`.
    """
    redirect_uri = parse_qs(urlsplit(authorization_url).query)["redirect_uri"][0]
    does = {"unticks": list(unticks), "error": error} | ({} if address is None else {"address": address})
    async with httpx2.AsyncClient(headers={"x-test-user": json.dumps(does)}, trust_env=False) as browser:
        url = authorization_url
        for _ in range(_MOST_REDIRECTS):
            page = await browser.get(url)
            if not page.has_redirect_location:
                raise AssertionError(f"the provider shows a page ({page.status_code}): {page.text[:300]}")
            url = str(page.url.join(page.headers["location"]))
            if url.partition("?")[0] == redirect_uri:
                return _read(url)
    raise AssertionError("the provider sends the browser from page to page without end")


def _read(url: str) -> SentBack:
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    return SentBack(url, **{name: query.get(name, "") for name in ("state", "code", "iss", "error")})
