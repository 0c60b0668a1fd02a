"""The pages that the gateway serves, Swagger UI and Integrations; in a browser where only that can tell."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from support.chromium import chromium, site
from support.gateway import COMPLETED, MAILBOX_ID, STARTED, TOKEN, Gateway, running_gateway
from support.scripted_service import Script

INTEGRATIONS = "/profile/integrations"
BEARER = {"authorization": f"Bearer {TOKEN}"}
#: As clients/web builds it: a module, a style sheet, a nonce for styles that the module makes.
INDEX = """<!doctype html>
<html><head><title>Integrations</title>
<link rel="icon" href="data:,">
<style id="nonce" nonce="__CSP_NONCE__">h1 { color: rgb(1, 2, 3) }</style>
<link rel="stylesheet" href="/profile/integrations/assets/index-abc.css">
<script type="module" src="/profile/integrations/assets/index-abc.js"></script>
</head><body><h1>Integrations</h1><button id="connect">Connect</button></body></html>
"""
MODULE = """
const style = document.createElement("style");
style.nonce = document.getElementById("nonce").nonce;
style.textContent = "h1 { font-size: 41px }";
document.head.append(style);
document.body.dataset.ran = "yes";
addEventListener("message", ({ data }) => { document.body.dataset.heard = JSON.stringify(data); });
document.getElementById("connect").onclick = async () => {
  const popup = open("", "connect", "popup,width=500,height=600");
  const answer = await fetch("/api/auth/google/start", {
    method: "POST",
    headers: { authorization: "Bearer TOKEN", "content-type": "application/json" },
    body: "{}",
  });
  popup.location = (await answer.json()).authorizationUrl;
};
""".replace("TOKEN", TOKEN)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A page as the build leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "assets/index-abc.js").write_text(MODULE)
    (tmp_path / "assets/index-abc.css").write_text("h1 { background: rgb(4, 5, 6) }")
    (tmp_path / "secret.txt").write_text("CANARY-beside")
    return tmp_path


@pytest.fixture
async def gateway(built: Path) -> AsyncIterator[Gateway]:
    async with running_gateway(Script(), page=built) as gateway:
        yield gateway


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@dataclass
class Seen:
    """What a browser asked for and complained of."""

    urls: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.set_default_timeout(90_000)  # milliseconds; a loaded machine takes its time
        page.on("request", lambda request: self.urls.append(request.url))
        page.on("console", lambda line: self.complaints.append(line.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


async def test_swagger_ui_calls_the_gateway_with_the_token_that_is_typed_and_asks_nobody_else(
    gateway: Gateway, browser: Browser
) -> None:
    page, seen = await browser.new_page(), Seen()
    seen.watch(page)
    await page.goto(f"{gateway.url}/docs")
    await page.get_by_role("button", name="Authorize").first.click()
    await page.locator(".auth-container input").fill(TOKEN)
    await page.locator(".auth-btn-wrapper button[type=submit]").click()
    await page.locator(".auth-btn-wrapper .btn-done").click()
    operation = page.locator("#operations-mailboxes-listMailboxes")
    await operation.click()
    await operation.get_by_role("button", name="Try it out").click()
    await operation.get_by_role("button", name="Execute").click()
    await operation.locator(".live-responses-table .response-col_status", has_text="200").wait_for()
    assert gateway.script.received[0].metadata["authorization"] == f"Bearer {TOKEN}"
    assert seen.complaints == []
    assert [url for url in seen.urls if not url.startswith(f"{gateway.url}/")] == []


@pytest.mark.parametrize("name", ["redoc.standalone.js", "..%2Fcore.py", "nothing"])
async def test_of_swagger_ui_only_what_the_page_needs_is_served(gateway: Gateway, name: str) -> None:
    assert (await gateway.http.get(f"/docs/{name}")).status_code == 404


async def test_the_page_runs_under_its_policy(gateway: Gateway, browser: Browser) -> None:
    page, seen = await browser.new_page(), Seen()
    seen.watch(page)
    await page.goto(gateway.url + INTEGRATIONS)
    await page.locator("body[data-ran=yes]").wait_for()
    style = await page.locator("h1").evaluate(
        "one => { const { color, backgroundColor, fontSize } = getComputedStyle(one);"
        " return [color, backgroundColor, fontSize]; }"
    )
    assert style == ["rgb(1, 2, 3)", "rgb(4, 5, 6)", "41px"]
    assert seen.complaints == []
    assert all(url.startswith(gateway.url) for url in seen.urls)


async def test_the_page_hears_of_the_popup_that_it_opened(gateway: Gateway, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(gateway.url + INTEGRATIONS)
    back = f"{gateway.url}/api/auth/google/callback?state=CANARY-state&code=CANARY-code"
    with site(lambda _path: (302, {"location": back}, "")) as provider:
        started = type(STARTED)(authorization_url=provider, state=STARTED.state)
        gateway.script.answers = [started, COMPLETED]
        await page.locator("#connect").click()
        await page.locator("body[data-heard]").wait_for()
    assert MAILBOX_ID in (await page.locator("body").get_attribute("data-heard") or "")


async def test_each_answer_has_a_nonce_of_its_own_which_the_policy_names(gateway: Gateway) -> None:
    nonces = set()
    for _ in range(2):
        answer = await gateway.http.get(INTEGRATIONS)
        [nonce] = re.findall(r'nonce="([^"]+)"', answer.text)
        assert len(nonce) >= 20
        assert f"style-src 'self' 'nonce-{nonce}'" in answer.headers["content-security-policy"]
        nonces.add(nonce)
    assert len(nonces) == 2


async def test_the_page_itself_is_not_kept_and_what_it_names_is_kept_for_ever(gateway: Gateway) -> None:
    page = await gateway.http.get(INTEGRATIONS)
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
    for name, kind in (("index-abc.js", "text/javascript"), ("index-abc.css", "text/css")):
        asset = await gateway.http.get(f"{INTEGRATIONS}/assets/{name}")
        assert asset.headers["content-type"].startswith(kind)
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert asset.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("wish", "encoding"),
    [
        ("gzip", "gzip"),
        ("br, gzip;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip; q=0.000", None),
        ("br", None),
        ("", None),
    ],
)
async def test_files_are_compressed_for_those_who_take_that(
    gateway: Gateway, wish: str, encoding: str | None
) -> None:
    url = f"{INTEGRATIONS}/assets/index-abc.js"
    answer = await gateway.http.get(url, headers={"accept-encoding": wish})
    assert answer.headers.get("content-encoding") == encoding
    assert "Accept-Encoding" in answer.headers["vary"]
    assert answer.text == MODULE


async def test_a_page_that_is_built_anew_is_served_anew(gateway: Gateway, built: Path) -> None:
    for text in ("one", "another one"):
        (built / "assets/index-abc.js").write_text(text)
        os.utime(built / "assets/index-abc.js", ns=(len(text), len(text)))
        assert (await gateway.http.get(f"{INTEGRATIONS}/assets/index-abc.js")).text == text


@pytest.mark.parametrize(
    "path", ["assets/nothing.js", "assets/", "assets/..%2Fsecret.txt", "assets/../secret.txt", "secret.txt"]
)
async def test_nothing_else_is_served(gateway: Gateway, path: str) -> None:
    answer = await gateway.http.get(f"{INTEGRATIONS}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_the_page_has_one_address(gateway: Gateway) -> None:
    answer = await gateway.http.get(f"{INTEGRATIONS}/", follow_redirects=True)
    assert (answer.status_code, answer.url.path) == (200, INTEGRATIONS)


async def test_a_build_without_the_page_says_so(tmp_path: Path) -> None:
    async with running_gateway(Script(), page=tmp_path / "nothing") as gateway:
        page = await gateway.http.get(INTEGRATIONS)
        asset = await gateway.http.get(f"{INTEGRATIONS}/assets/index-abc.js")
    assert (page.status_code, page.json()["code"]) == (404, "PAGE_NOT_BUILT")
    assert asset.status_code == 404


async def test_the_gateway_lives_without_a_service_and_is_not_ready(gateway: Gateway) -> None:
    assert (await gateway.http.get("/healthz")).content == b'{"ok":true}'
    ready = await gateway.http.get("/readyz")  # the scripted service has no health service
    assert (ready.status_code, ready.json()["code"], ready.headers["retry-after"]) == (
        503,
        "UNAVAILABLE",
        "1",
    )
