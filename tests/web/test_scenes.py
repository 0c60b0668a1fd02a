"""Every state of the page, in both themes: axe finds nothing serious in it, and it fits a phone.

With `--screenshots FOLDER` each is also photographed, in both themes and widths (`make screenshots`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from mailboxes.v1.mailbox_pb2 import MailboxStatus
from support.web_scenes import PATIENCE, SCENES, Scene
from support.web_states import read_by_schedule
from support.web_world import ADDRESS, PASSWORD, ROOT, WebServers, WebWorld, web_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: One state is looked at in light on a desktop and in dark on a phone.
LOOKS = (("light", 1280), ("dark", 390))
ALL_LOOKS = (*LOOKS, ("dark", 1280), ("light", 390))
HEIGHT = 900


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(servers: WebServers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WebWorld]:
    """A user who has everything."""
    async with web_world(tmp_path_factory.mktemp("scenes"), servers) as world:
        client, port = world.client, world.distance.port
        work = await client.save(label="Work", host="localhost", port=port, user=ADDRESS, password=PASSWORD)
        assert (await client.test(work.id)).ok
        await read_by_schedule(client, work.id)
        old = await client.save(
            label="Old university account",
            host="localhost",
            port=port,
            user="alice@uni.example",
            password="CANARY-old",
        )
        await client.test(old.id)
        [_, stored] = await client.list()
        assert stored.status == MailboxStatus.MAILBOX_STATUS_ERROR
        await client.save(
            label="Holidays", host="imap.gmail.com", user="ann@gmail.com", password="CANARY-new"
        )
        await client.import_contacts(group="Friends", min_rank=50)
        await client.import_contacts(group="Suppliers", kinds=["role"])
        yield world
        assert world.complaints == []


@pytest.fixture(scope="module")
def axe() -> str:
    return (ROOT / "clients/node_modules/axe-core/axe.min.js").read_text()


async def judge(page: Page, axe: str) -> list[str]:
    """What is serious or critical, each with where it is."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(axe)
    found: dict[str, Any] = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_a_state_is_accessible_and_fits(
    scene: Scene, world: WebWorld, axe: str, request: pytest.FixtureRequest
) -> None:
    folder = request.config.getoption("--screenshots")
    await scene.arrange(world, scene.user)
    page = await world.open(scene.tab, user=scene.user, prepare=scene.prepare)
    page.set_default_timeout(PATIENCE)
    await scene.steps(page)
    await expect(page.get_by_text(scene.shows).filter(visible=True).first).to_be_visible(timeout=PATIENCE)
    for scheme, width in ALL_LOOKS if folder else LOOKS:
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await expect(page.locator(f"[data-mantine-color-scheme={scheme}]")).to_have_count(1)
        assert await judge(page, axe) == [], f"{scheme}, {width} pixels wide"
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{width} is too narrow"
        )
        if folder:
            size = "desktop" if width > 600 else "phone"
            await page.wait_for_timeout(300)  # for what moves to come to rest
            await page.screenshot(path=Path(folder) / f"{scene.name}-{size}-{scheme}.png")
    world.distance.hold_after = None
    await page.context.close()
