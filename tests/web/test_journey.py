"""The whole job on the page, from a wrong password to the deleted mailbox."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, expect

from mailboxes import Auth, HarvestState
from support.web_world import ADDRESS, PASSWORD, WebWorld

#: Milliseconds; far above what anything takes.
_PATIENCE = 45_000
expect.set_options(timeout=_PATIENCE)


async def begin_to_add(page: Page) -> None:
    """Type the address, and choose a password in place of the provider."""
    await page.get_by_role("button", name="Add mailbox").click()
    await page.get_by_label("E-mail address").fill(ADDRESS)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Use an app password instead").click()


async def test_a_mailbox_is_added_mended_harvested_and_deleted(world: WebWorld) -> None:
    page = await world.open()
    page.set_default_timeout(_PATIENCE)
    await begin_to_add(page)

    # a wrong password is said at its field, with the remedy
    password = page.get_by_role("textbox", name="Password")
    await password.fill("CANARY-wrong")

    # the DNS names a server outside the address's domain: without the user's word no password goes there
    await page.get_by_role("button", name="Test connection").click()
    confirmed = page.get_by_role("checkbox", name="I know localhost")
    await expect(confirmed).to_be_focused()
    await expect(page.get_by_text("Confirm this first")).to_be_visible()
    await page.get_by_role("button", name="Test and save").click()
    await expect(confirmed).to_be_focused()
    assert world.distance.connections == 0
    await confirmed.press("Space")
    await confirmed.press("Enter")  # the form is sent, with the password
    await expect(page.get_by_role("alert")).to_contain_text("Check user name and password")
    await expect(password).to_have_attribute("aria-invalid", "true")
    await expect(password).to_be_focused()
    assert await world.client.list() == []

    await password.fill(PASSWORD)
    await page.get_by_role("button", name="Test connection").click()
    await expect(page.get_by_text("It works")).to_be_visible()
    await page.get_by_role("button", name="Test and save").click()

    # found while one can watch
    world.distance.delay = 0.15
    await page.get_by_role("button", name="Find contacts", exact=True).click()
    bar = page.get_by_role("progressbar")
    await expect(bar).to_have_attribute("aria-valuetext", re.compile(r"\d+ of \d+ messages"))
    await expect(page.get_by_text(re.compile(r"Read \d+ messages of"))).to_be_visible()
    await expect(bar).to_have_count(0)
    world.distance.delay = 0.0
    [saved] = await world.client.list()
    assert saved.status == 2, "the status is that of the test"
    [schedule] = await world.client.list_schedules()
    assert schedule.enabled

    # a page that is loaded much later: what is overdue is no time of the past
    await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(hours=40))
    await page.reload()
    card = page.get_by_role("article", name=saved.label)
    await expect(card).to_contain_text("Tested 1 day ago")
    await expect(card).to_contain_text("Next sync any moment", timeout=3 * _PATIENCE)  # it may be syncing

    # deleted, after it was said what goes
    await page.get_by_role("button", name=f"More actions for {saved.label}").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await expect(page.get_by_role("dialog")).to_contain_text("the stored password or permission")
    await page.get_by_role("button", name="Delete mailbox").click()
    await expect(page.get_by_text("No mailbox yet")).to_be_visible()
    assert await world.client.list() == []


async def harvested(world: WebWorld, label: str = "Work") -> str:
    """Save the mailbox and harvest it, as it was done before; return its id."""
    client = world.client
    saved = await client.save(
        label=label, host="localhost", port=world.distance.port, tls=True, user=ADDRESS, password=PASSWORD
    )
    started = await client.start_harvest(saved.id)
    states = [seen.state async for seen in client.watch_harvest(started.id)]
    assert states[-1] == HarvestState.HARVEST_STATE_DONE
    return saved.id


async def test_contacts_are_filtered_looked_at_and_exported(world: WebWorld) -> None:
    await harvested(world)
    page = await world.open("Contacts")
    rows = page.get_by_role("row")
    await expect(page.get_by_role("button", name="Bob Builder")).to_be_visible()
    everybody = await rows.count()

    await page.get_by_role("searchbox").fill("builder")
    await expect(rows).to_have_count(2)
    await page.get_by_role("searchbox").fill("")
    await page.get_by_text("Functions", exact=True).click()
    await expect(page.get_by_role("button", name="Bob Builder")).to_have_count(0)
    assert 1 < await rows.count() < everybody
    await page.get_by_text("Functions", exact=True).click()

    await page.get_by_role("button", name="Bob Builder").click()
    drawer = page.get_by_role("dialog")
    await expect(drawer).to_contain_text("you wrote to them")
    await drawer.get_by_label("Phone").fill("+49 30 1234567")
    await drawer.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    [bob] = [one async for one in world.client.list_contacts(query="builder")]
    assert bob.typed.phone == "+49 30 1234567"
    await page.keyboard.press("Escape")

    await page.get_by_role("button", name="Export").click()
    async with page.expect_download() as started:
        await page.get_by_role("menuitem", name="vCard 4.0").click()
    download = await started.value
    assert download.suggested_filename == "contacts.vcf"
    assert "FN:Bob Builder" in (await download.path()).read_text()


async def test_contacts_are_imported_into_a_group_after_a_preview(world: WebWorld) -> None:
    await harvested(world)
    page = await world.open("Groups")
    await page.get_by_role("button", name="Import contacts").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Group").fill("Friends")
    await dialog.get_by_label("Words in name or address").fill("aurora.example")
    submit = dialog.get_by_role("button", name=re.compile(r"Import \d+ contacts?"))
    await expect(dialog.get_by_text("Not close enough")).to_have_count(0)
    await expect(submit).to_be_enabled()
    assert await world.client.list_groups() == [], "a preview changes nothing"

    await dialog.get_by_role("slider").press("End")
    await expect(dialog.get_by_text("Nobody would be added")).to_be_visible()
    await expect(submit).to_be_disabled()
    await dialog.get_by_role("slider").press("Home")
    await expect(submit).to_be_enabled()
    promised = int(re.sub(r"\D", "", await submit.inner_text()))
    await submit.click()
    await expect(page.get_by_text("added to Friends")).to_be_visible()
    [group] = await world.client.list_groups()
    assert (group.name, group.members) == ("Friends", promised)

    await page.get_by_role("button", name="Show members of Friends").click()
    await expect(page.get_by_role("row")).to_have_count(promised + 1)

    # who was left out can be put into it all the same
    await page.get_by_role("tab", name="Skipped").click()
    await page.get_by_role("checkbox", name="Select ").first.check()
    await page.get_by_role("button", name="Add to group").click()
    await dialog.get_by_label("Group").fill("Friends")
    await page.get_by_role("option", name="Friends").click()
    await dialog.get_by_role("button", name="Import 1 contact", exact=True).click()
    await expect(page.get_by_text("1 contact added to Friends")).to_be_visible()
    [group] = await world.client.list_groups()
    assert group.members == promised + 1


async def test_two_contacts_are_merged_and_the_merge_is_undone(world: WebWorld) -> None:
    await harvested(world)
    [before] = [one async for one in world.client.duplicates()]
    page = await world.open("Duplicates")
    await page.get_by_role("button", name=re.compile("^Merge ")).click()
    await expect(page.get_by_text("No duplicates")).to_be_visible()
    merged = await world.client.get_contact(before.first.id)
    assert len(merged.addresses) == 2

    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name=re.compile("^Merge "))).to_be_visible()
    assert len((await world.client.get_contact(before.first.id)).addresses) == 1

    await page.get_by_role("button", name=re.compile("are two people$")).click()
    await expect(page.get_by_text("No duplicates")).to_be_visible()


async def test_an_account_is_connected_in_a_popup_and_again_after_the_permission_has_ended(
    world: WebWorld,
) -> None:
    page = await world.open()
    await page.get_by_role("button", name="Add mailbox").click()
    await page.get_by_label("E-mail address").fill(ADDRESS)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Connect with Example").click()
    await expect(page.get_by_role("dialog")).to_contain_text("is connected")
    await page.get_by_role("button", name="Not now").click()
    card = page.get_by_role("article")
    await expect(card).to_contain_text("Connected")
    [mailbox] = await world.client.list()
    assert (mailbox.auth, mailbox.has_password) == (Auth.AUTH_OAUTH, False)

    world.oidc.withdraw(ADDRESS)
    await world.client.revoke(mailbox.id)
    await page.reload()
    await expect(card).to_contain_text("Sign in again")
    await card.get_by_role("button", name="Sign in again").click()
    await expect(page.get_by_text("works: logged in")).to_be_visible()
    await expect(card).to_contain_text("Connected")
    assert [one.id for one in await world.client.list()] == [mailbox.id]
