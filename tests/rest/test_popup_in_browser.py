"""A real browser connects an account: who hears of it, and that the page closes itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from mailboxes.v1.oauth_service_pb2 import StartAuthorizationResponse
from support.chromium import Answer, chromium, site
from support.gateway import CODE, COMPLETED, MAILBOX_ID, STATE, TOKEN, Gateway, running_gateway
from support.scripted_service import Script

#: What an application does: opens the popup at once, for the click allows it, and sends it on when it can.
APPLICATION = """<!doctype html><title>Application</title>
<button id="connect">Connect</button> <button id="start">Start only</button>
<script>
const heard = [];
addEventListener("message", (event) => heard.push({ from: event.origin, data: event.data }));
const channel = new BroadcastChannel("mailbox-svc:oauth");
channel.onmessage = (event) => heard.push({ from: "channel", data: event.data });
let last = "";
async function start() {
  const answer = await fetch("GATEWAY/api/auth/google/start", {
    method: "POST",
    credentials: "include",
    headers: { authorization: "Bearer TOKEN", "content-type": "application/json" },
    body: "{}",
  });
  last = (await answer.json()).authorizationUrl;
  return last;
}
document.getElementById("start").onclick = start;
document.getElementById("connect").onclick = async () => {
  const popup = open("", "connect", "popup,width=500,height=600");
  try { popup.location = await start(); } catch (error) { last = String(error); }
};
</script>
"""
SUCCESS = {"type": "mailbox-svc:oauth", "ok": True, "mailboxId": MAILBOX_ID}


@dataclass(slots=True)
class World:
    """A browser, an application, another site's page, a provider and the gateway, each on its origin."""

    browser: Browser
    gateway: Gateway
    application: str
    stranger: str
    provider: Provider

    async def open(self, url: str, context: BrowserContext | None = None) -> Page:
        page = await (context or await self.browser.new_context()).new_page()
        await page.goto(url)
        return page

    def script(self) -> str:
        return APPLICATION.replace("GATEWAY", self.gateway.url).replace("TOKEN", TOKEN)


@dataclass(slots=True)
class Provider:
    """Sends everybody back at once, as one does where the user has allowed it before."""

    origin: str = ""
    callback: str = ""
    #: With some it shows a page, and waits for a click: the policy of a page is what cuts an opener off.
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = f"state={STATE}&code={CODE}"

    def answer(self, _path: str) -> Answer:
        to = f"{self.callback}?{self.query}"
        if not self.headers:
            return 302, {"location": to}, ""
        return 200, self.headers, f'<a id="allow" href="{to}">Allow</a>'


@pytest.fixture
def pages() -> dict[str, str]:
    """What the application's site and the stranger's show."""
    return {}


@pytest.fixture
def sites(pages: dict[str, str]) -> Iterator[tuple[str, str]]:
    # One host, so that the cookie is theirs as well: the origin alone keeps them apart.
    def answer(_path: str) -> Answer:
        return 200, {}, pages["/"]

    with site(answer) as application, site(answer) as stranger:
        yield application, stranger


@pytest.fixture
async def world(sites: tuple[str, str], pages: dict[str, str]) -> AsyncIterator[World]:
    provider = Provider()
    script = Script()
    # Another site than all of the others: the way back is a cross-site navigation.
    with site(provider.answer, host="localhost") as provider.origin:
        async with running_gateway(script, (sites[0],)) as gateway, chromium() as browser:
            provider.callback = f"{gateway.url}/api/auth/google/callback"
            url = f"{provider.origin}/authorize"
            script.answers = [StartAuthorizationResponse(authorization_url=url, state=STATE), COMPLETED]
            world = World(browser, gateway, *sites, provider)
            pages["/"] = world.script()
            yield world


async def heard(page: Page) -> Any:
    """What the page has been told, after time for a second message."""
    await page.wait_for_timeout(300)
    return await page.evaluate("heard")


async def test_the_application_is_told_once_and_the_popup_is_gone(world: World) -> None:
    page = await world.open(world.application)
    async with page.expect_popup() as opened:
        await page.click("#connect")
    popup = await opened.value
    if not popup.is_closed():
        await popup.wait_for_event("close")
    assert await heard(page) == [{"from": world.gateway.url, "data": SUCCESS}]
    assert world.gateway.methods == ["StartAuthorization", "CompleteAuthorization"]
    assert await page.context.cookies(world.gateway.url + "/api/auth") == []


async def test_the_application_is_told_that_the_user_said_no(world: World) -> None:
    world.provider.query = "error=access_denied"
    page = await world.open(world.application)
    async with page.expect_popup():
        await page.click("#connect")
    await page.wait_for_function("heard.length > 0")
    [told] = await heard(page)
    assert (told["data"]["ok"], told["data"]["code"]) == (False, "OAUTH_STATE_INVALID")


async def test_a_page_of_another_origin_cannot_even_begin(world: World) -> None:
    page = await world.open(world.stranger)
    async with page.expect_popup():
        await page.click("#connect")
    await page.wait_for_function("last !== ''")
    assert "Failed to fetch" in await page.evaluate("last")
    assert await page.context.cookies() == []
    assert world.gateway.methods == []


async def test_a_page_of_another_origin_that_opens_what_the_application_began_hears_nothing(
    world: World,
) -> None:
    application = await world.open(world.application)
    await application.click("#start")
    await application.wait_for_function("last !== ''")
    stranger = await world.open(world.stranger, application.context)
    async with stranger.expect_popup() as opened:
        await stranger.evaluate("url => { open(url, 'x', 'popup') }", await application.evaluate("last"))
    popup = await opened.value
    if not popup.is_closed():
        await popup.wait_for_event("close")
    assert world.gateway.methods[-1] == "CompleteAuthorization"  # it is the user's own, all the same
    assert await heard(stranger) == []


async def test_a_callback_in_a_browser_that_began_nothing_completes_nothing(world: World) -> None:
    # An attacker began, and has sent the victim the provider's address.
    page = await world.open(f"{world.provider.origin}/authorize")
    assert page.url.startswith(world.provider.callback)
    assert "Start again from the application" in await page.inner_text("main")
    assert world.gateway.methods == []
    # the page looks as it should: its policy allows its own style
    assert await page.evaluate("getComputedStyle(document.body).maxWidth") != "none"


async def open_own_page(world: World) -> Page:
    """Open a page of the gateway's own origin, as it will serve one day."""
    page = await world.browser.new_page()
    url = f"{world.gateway.url}/profile/integrations"
    await page.route(url, lambda route: route.fulfill(body=world.script(), content_type="text/html"))
    await page.goto(url)
    return page


async def test_a_page_of_our_own_is_told_once_too(world: World) -> None:
    page = await open_own_page(world)
    async with page.expect_popup():
        await page.click("#connect")
    await page.wait_for_function("heard.length > 0")
    assert await heard(page) == [{"from": world.gateway.url, "data": SUCCESS}]


async def test_a_page_of_our_own_is_told_although_the_provider_cuts_the_opener_off(world: World) -> None:
    world.provider.headers = {"cross-origin-opener-policy": "same-origin"}
    page = await open_own_page(world)
    async with page.expect_popup() as opened:
        await page.click("#connect")
    popup = await opened.value
    await popup.click("#allow")
    await page.wait_for_function("heard.length > 0")
    assert await heard(page) == [{"from": "channel", "data": SUCCESS}]
    if not popup.is_closed():  # a page without an opener may not be allowed to close itself
        assert "You can close this window" in await popup.inner_text("main")
