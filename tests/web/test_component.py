"""The component in an application of its own, on another origin than the gateway."""

from __future__ import annotations

import functools
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.async_api import expect

from support.web_scenes import PATIENCE
from support.web_world import ROOT, WebServers, web_world

CLIENTS = ROOT / "clients"


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def application(servers: WebServers, tmp_path: Path) -> Iterator[str]:  # noqa: ARG001  (it installs what is needed)
    """Build the package, then an application that has it; yield the application's origin."""
    for arguments in (
        ("web", "--config", "web/vite.component.ts"),
        ("web/example", "--outDir", tmp_path / "app"),
    ):
        command = [CLIENTS / "node_modules/.bin/vite", "build", *arguments, "--logLevel", "warn"]
        subprocess.run(command, cwd=CLIENTS, check=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=str(tmp_path / "app")))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def test_an_application_shows_the_mailboxes_and_keeps_its_own_looks(
    application: str, servers: WebServers, tmp_path: Path
) -> None:
    async with web_world(tmp_path, servers, rest_origins=(application,)) as world:
        await world.client.save(label="Work", host="localhost", port=993, user="ann", password="CANARY-pw")
        page = await world.browser.new_page()
        await page.add_init_script(f"sessionStorage.setItem('token', '{world.token()}')")
        plain = ['"Times New Roman"', "8px"]  # Chromium's own
        await page.goto(f"{application}/?gateway={world.url}")
        await expect(page.get_by_role("article", name="Work")).to_be_visible(timeout=PATIENCE)
        await page.get_by_role("tab", name="Groups").click()
        await expect(page.get_by_text("No groups yet")).to_be_visible(timeout=PATIENCE)
        looks = "(({ fontFamily, margin }) => [fontFamily, margin])(getComputedStyle(document.body))"
        assert await page.evaluate(looks) == plain
