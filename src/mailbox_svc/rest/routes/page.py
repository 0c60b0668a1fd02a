"""The Integrations page, which clients/web builds into the package: `index.html`, and the `assets/` it names.

In `index.html` each `__CSP_NONCE__` becomes this answer's own nonce, which its policy names: style elements
that the page's library makes carry it. A name in `assets/` holds a hash of what is in the file, so a browser
may keep it for ever.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from mailbox_svc.rest.problems import Problem, Refused
from mailbox_svc.rest.static_files import file_response

router = APIRouter(include_in_schema=False)

PATH: Final = "/profile/integrations"
PLACEHOLDER: Final = "__CSP_NONCE__"
_NOT_BUILT: Final = Problem(
    HTTPStatus.NOT_FOUND,
    "PAGE_NOT_BUILT",
    "The Integrations page is not part of this build of the service; Node 20.19 or newer builds it.",
)
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}';"
    " connect-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_FOREVER: Final = "public, max-age=31536000, immutable"


@router.get(PATH)
async def get_page(request: Request) -> HTMLResponse:
    """Return the page."""
    nonce = secrets.token_urlsafe(16)
    content = _index(request.state.page).replace(PLACEHOLDER, nonce)
    headers = {
        "content-security-policy": _POLICY.format(nonce=nonce),
        # The popup that connects an account must be able to tell this page; others that open it, nothing.
        "cross-origin-opener-policy": "same-origin-allow-popups",
    }
    return HTMLResponse(content, headers=headers)


@router.get(PATH + "/")
async def get_page_by_another_name() -> RedirectResponse:
    """Lead to the page's one address; relative, as a proxy may have the gateway below a path."""
    return RedirectResponse("../integrations", HTTPStatus.PERMANENT_REDIRECT)


@router.get(PATH + "/assets/{name}")
async def get_asset(name: str, request: Request) -> Response:
    """Return a file that the page names."""
    assets = request.state.page / "assets"
    # A name is one part of a path; of what lies elsewhere nothing is in this list.
    if not assets.is_dir() or name not in {file.name for file in assets.iterdir() if file.is_file()}:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return await file_response(request, assets / name, _FOREVER)


def _index(folder: Path) -> str:
    try:
        return (folder / "index.html").read_text()
    except FileNotFoundError:
        raise Refused(_NOT_BUILT) from None
