"""Every state of the Integrations page, and how a user gets there: looked at by axe, and by people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Page, Route, expect

from support.web_states import far_away, stopped
from support.web_world import ADDRESS, WebWorld

#: Milliseconds; far above what anything takes.
PATIENCE = 45_000
Steps = Callable[[Page], Awaitable[None]]
Arrange = Callable[[WebWorld, str], Awaitable[None]]


async def nothing(_page: Page) -> None:
    """Only look."""


async def as_it_is(_world: WebWorld, _user: str) -> None:
    """Take the world of all scenes."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A state of the page. `user` is "alice", who has everything, "newcomer", who has nothing, or another."""

    name: str
    #: A word that shows that the state is reached.
    shows: str
    steps: Steps = nothing
    tab: str = ""
    user: str = "alice"
    #: Before the page is opened.
    prepare: Steps = nothing
    #: Before that; gives the user what the state needs.
    arrange: Arrange = as_it_is


async def _add(page: Page) -> None:
    await page.get_by_role("button", name="Add mailbox").first.click()


async def _address(page: Page, address: str) -> None:
    await _add(page)
    await page.get_by_label("E-mail address").fill(address)
    await page.get_by_role("button", name="Continue").click()


async def _app_password(page: Page) -> None:
    await _address(page, "ann@gmail.com")


async def _oauth(page: Page) -> None:
    await _address(page, ADDRESS)


async def _wrong_address(page: Page) -> None:
    await _address(page, "ann")


async def _unconfirmed(page: Page) -> None:
    await _oauth(page)
    await page.get_by_role("button", name="Use an app password instead").click()
    await page.get_by_role("textbox", name="Password").fill("CANARY-wrong")
    await page.get_by_role("button", name="Test connection").click()


async def _wrong_password(page: Page) -> None:
    await _unconfirmed(page)
    await page.get_by_role("checkbox", name="I know localhost").check()
    await page.get_by_role("button", name="Test connection").click()


async def _menu_item(page: Page, item: str, label: str = "Work") -> None:
    await page.get_by_role("button", name=f"More actions for {label}").click()
    await page.get_by_role("menuitem", name=item).click()


async def _menu(page: Page) -> None:
    await page.get_by_role("button", name="More actions for Work").click()


async def _edit(page: Page) -> None:
    await _menu_item(page, "Edit")
    await page.get_by_role("button", name="Change").click()
    await page.get_by_label("IMAP server").fill("imap.example.org")


async def _schedule(page: Page) -> None:
    await _menu_item(page, "Automatic sync")


async def _history(page: Page) -> None:
    await _menu_item(page, "Sync history")


async def _schedule_stopped(page: Page) -> None:
    await _menu_item(page, "Automatic sync", "Moved")


async def _schedule_quarantined(page: Page) -> None:
    await _menu_item(page, "Automatic sync", "Left alone")


async def _history_stopped(page: Page) -> None:
    await _menu_item(page, "Sync history", "Moved")


async def _harvest(page: Page) -> None:
    await page.get_by_role("button", name="Find contacts in Far away", exact=True).click()
    await expect(page.get_by_text("messages")).to_be_visible(timeout=PATIENCE)


async def _cancel(page: Page) -> None:
    await _harvest(page)
    await page.get_by_role("button", name="Stop finding contacts in Far away").click()


async def _delete(page: Page) -> None:
    await _menu_item(page, "Delete")


async def _contact(page: Page) -> None:
    await page.get_by_role("button", name="Bob Builder").click()


async def _selection(page: Page) -> None:
    for name in ("Bob Builder", "Priya Natarajan"):
        await page.get_by_role("checkbox", name=f"Select {name}").check()


async def _nobody(page: Page) -> None:
    await page.get_by_role("searchbox").fill("nobody of this name")


async def _import(page: Page) -> None:
    await page.get_by_role("button", name="Import contacts").first.click()
    await expect(page.get_by_role("button", name="Import", exact=False).last).to_be_enabled(timeout=PATIENCE)


async def _import_skipped(page: Page) -> None:
    await page.get_by_role("checkbox", name="Select ").first.check()
    await page.get_by_role("button", name="Add to group").click()
    await page.get_by_role("dialog").get_by_label("Group").fill("Suppliers")
    await page.get_by_role("option", name="Suppliers").click()


async def _cut_off(page: Page) -> None:
    async def refuse(route: Route) -> None:
        await route.abort()

    await page.route("**/api/contacts/mailboxes", refuse)


async def _never(page: Page) -> None:
    async def wait(_route: Route) -> None:
        """Leave the request without an answer."""

    await page.route("**/api/contacts?*", wait)


async def _sign_out(page: Page) -> None:
    await page.get_by_role("button", name="Sign out").click()


SCENES = (
    Scene("mailboxes", "Check user name and password"),  # what is stored: it was tested elsewhere
    Scene("mailboxes-empty", "No mailbox yet", user="newcomer"),
    Scene("mailboxes-failed", "This could not be loaded", prepare=_cut_off),
    Scene("mailbox-menu", "Sync history", _menu),
    Scene("add-address", "The server is filled in", _add),
    Scene("add-wrong-address", "such as ann@example.org", _wrong_address),
    Scene("add-oauth", "Connect with Example", _oauth),
    Scene("add-app-password", "Gmail wants an app password", _app_password),
    Scene("add-foreign-server", "Confirm this first", _unconfirmed),
    Scene("add-wrong-password", "Check user name and password", _wrong_password),
    Scene("edit-elsewhere", "the password is needed again", _edit),
    Scene("schedule", "How often", _schedule),
    Scene("schedules-stopped", "has ended the service five times", user="unlucky", arrange=stopped),
    Scene("schedule-stopped", "the login was refused", _schedule_stopped, user="unlucky", arrange=stopped),
    Scene("schedule-quarantined", "repeated crashes", _schedule_quarantined, user="unlucky", arrange=stopped),
    Scene("history", "New mail", _history),
    Scene("history-stopped", "Stopped", _history_stopped, user="unlucky", arrange=stopped),
    Scene("harvest", "Reading ", _harvest, user="traveller", arrange=far_away),
    Scene("harvest-cancelled", "What was read of Far away is kept", _cancel, user="guest", arrange=far_away),
    Scene("delete", "This goes:", _delete),
    Scene("contacts", "Bob Builder", tab="Contacts"),
    Scene("contacts-empty", "No contacts yet", tab="Contacts", user="newcomer"),
    Scene("contacts-none", "Nobody matches", _nobody, tab="Contacts"),
    Scene("contacts-loading", "Contacts", tab="Contacts", prepare=_never),
    Scene("contacts-selected", "2 selected", _selection, tab="Contacts"),
    Scene("contact", "Your notes", _contact, tab="Contacts"),
    Scene("skipped", "Automated", tab="Skipped"),
    Scene("skipped-import", "New in it", _import_skipped, tab="Skipped"),
    Scene("duplicates", "Two people", tab="Duplicates"),
    Scene("groups", "Friends", tab="Groups"),
    Scene("groups-empty", "No groups yet", tab="Groups", user="newcomer"),
    Scene("import", "Left out", _import, tab="Groups"),
    Scene("token", "Sign in with a token", _sign_out),
)
