"""The routes that connect an account: list, start, callback and revoke. Every rule is the service's."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from mailbox_svc.rest.attempt import PATH, Attempt, forget, remembered
from mailbox_svc.rest.models.oauth import Provider, Revoked, StartBody, Started
from mailbox_svc.rest.openapi import refusals
from mailbox_svc.rest.origins import Origins, opener_of, with_result
from mailbox_svc.rest.popup import page
from mailbox_svc.rest.problems import Problem, Refused, invalid, problem_of
from mailbox_svc.rest.routes.parameters import MailboxId
from mailbox_svc.rest.service import BearerToken, Client, client_with
from mailboxes import MailboxError

router = APIRouter(tags=["accounts"])

ProviderId = Annotated[str, Path(description="The id of a provider.", examples=["google"])]

_NOT_STARTED: Final = Problem(
    HTTPStatus.BAD_REQUEST,
    "OAUTH_NOT_STARTED_HERE",
    "This was not started in this browser, or too long ago. Start again from the application.",
)
_TAMPERED: Final = Problem(
    HTTPStatus.BAD_REQUEST, "OAUTH_STATE_INVALID", "The provider's answer is not complete. Start again."
)

_PAGE: Final = {"content": {"text/html": {"schema": {"type": "string"}}}}
_CALLBACK: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Connected: a page that tells the page that opened it, and closes itself.", **_PAGE},
    303: {"description": "To `returnTo`, with `?oauth=ok&mailboxId=…` or `?oauth=error&code=…`."},
    "default": {"description": "Not connected: the same page, and why.", **_PAGE},
}


@router.get(f"{PATH}/providers")
async def list_oauth_providers(client: Client) -> list[Provider]:
    """List the providers, those that are not configured too."""
    return [Provider.of(one) for one in await client.oauth_providers()]


@router.post(PATH + "/{provider}/start", responses=refusals(400, 404, 409))
async def start_authorization(
    provider: ProviderId,
    request: Request,
    response: Response,
    token: BearerToken,
    client: Client,
    body: StartBody | None = None,
) -> Started:
    """Begin to connect an account. The cookie that comes with the answer must reach the callback."""
    wanted = body or StartBody()
    origins = _origins(request)
    opener = opener_of(request, origins)
    if wanted.return_to and not origins.may_return_to(wanted.return_to):
        raise invalid("returnTo", "Must be a URL on an origin that this service is set up for.")
    Attempt(provider, token, opener, wanted.return_to or "").remember(request, response)
    started = await client.start_authorization(
        provider, login_hint=wanted.login_hint, mailbox_id=wanted.mailbox_id
    )
    return Started(authorization_url=started.authorization_url)


@router.get(PATH + "/{provider}/callback", response_class=HTMLResponse, responses=_CALLBACK)
async def complete_authorization(provider: ProviderId, request: Request) -> Response:
    """Complete what this browser began, and end on the application's page or on one that closes itself."""
    attempt = remembered(request, provider)
    # Each provider has a callback of its own, so that one cannot pass for another (RFC 9700 §4.4.2.2).
    if attempt is None or attempt.provider != provider:
        response: Response = page(_NOT_STARTED.status, "Not connected", _NOT_STARTED.error)
    else:
        response = _end(request, attempt, await _outcome(request, attempt))
    forget(request, response, provider)
    return response


@router.post("/api/contacts/mailboxes/{id:uuid}/revoke", responses=refusals(404, 409))
async def revoke(mailbox_id: MailboxId, client: Client) -> Revoked:
    """Give the permission back to the provider and forget it; the mailbox and its contacts stay."""
    revoked = await client.revoke(str(mailbox_id))
    return Revoked(told_provider=revoked.told_provider)


async def _outcome(request: Request, attempt: Attempt) -> str | Problem:
    """Complete the authorization: the id of its mailbox, or why there is none."""
    query = request.query_params
    # A parameter that comes twice could be read in two ways (RFC 6749 §3.1).
    if "state" not in query or len(query) != len(query.multi_items()):
        return _TAMPERED
    try:
        mailbox = await client_with(attempt.token, request).complete_authorization(
            query["state"], code=query.get("code"), iss=query.get("iss"), error=query.get("error")
        )
    except MailboxError as failure:
        return problem_of(failure)
    except Refused as refused:
        return refused.problem
    return mailbox.id


def _end(request: Request, attempt: Attempt, outcome: str | Problem) -> Response:
    origins = _origins(request)
    if attempt.return_to and origins.may_return_to(attempt.return_to):
        return RedirectResponse(with_result(attempt.return_to, _in_query(outcome)), HTTPStatus.SEE_OTHER)
    target = attempt.opener if origins.allow(attempt.opener) else ""
    if isinstance(outcome, Problem):
        message = {"ok": False, "code": outcome.code, "error": outcome.error}
        return page(outcome.status, "Not connected", outcome.error, target=target, message=message)
    sentence = "The account is connected. You can close this window."
    message = {"ok": True, "mailboxId": outcome}
    return page(HTTPStatus.OK, "Connected", sentence, target=target, message=message)


def _in_query(outcome: str | Problem) -> dict[str, str]:
    if isinstance(outcome, Problem):
        return {"oauth": "error", "code": outcome.code}
    return {"oauth": "ok", "mailboxId": outcome}


def _origins(request: Request) -> Origins:
    return Origins(request.state.origins, request)
