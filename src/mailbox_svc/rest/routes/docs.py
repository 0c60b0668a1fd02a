"""The OpenAPI document, and Swagger UI on it: everything from here, nothing from elsewhere.

FastAPI's own page runs a script in the page and loads the rest from a content network; this one does neither,
so that its policy can be strict.
"""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from mailbox_svc.rest.openapi import document
from mailbox_svc.rest.static_files import file_response

router = APIRouter(include_in_schema=False)

#: fastapi-offline is here for these files alone.
_FILES: Final = Path(str(files("fastapi_offline"))) / "static"
_NAMES: Final = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon.png"})
_DAY: Final = "public, max-age=86400"

#: Addresses are relative: a proxy may have the gateway below a path.
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>mailbox-svc: REST</title>
<link rel="icon" href="docs/favicon.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START: Final = """\
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
"""
_POLICY: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}


@router.get("/openapi.json")
async def get_document(request: Request) -> JSONResponse:
    """Return the document."""
    app: FastAPI = request.app
    app.openapi_schema = app.openapi_schema or document(app)
    return JSONResponse(app.openapi_schema)


@router.get("/docs")
async def get_page() -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(_PAGE, headers=_POLICY)


@router.get("/docs/start.js")
async def get_start() -> Response:
    """Return what starts Swagger UI; in the page itself the policy would not run it."""
    return Response(_START, media_type="text/javascript", headers={"cache-control": _DAY})


@router.get("/docs/{name}")
async def get_file(name: str, request: Request) -> Response:
    """Return a part of Swagger UI."""
    if name not in _NAMES:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return await file_response(request, _FILES / name, _DAY)
