"""The second half of the demo's story: from Alice's mail to a group of people she knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, Self

from rich.table import Column, Table
from rich.text import Text

from mailbox_svc.demo.teller import Teller
from mailboxes import AsyncClient, Harvest, ImportContactsResponse, Mailbox, SkipReason

_GROUP = "Close friends"
_LEAST_RANK = 60
_TOP = 8
#: Lines of a vCard that are shown.
_CARD_LINES = 6
#: A stranger who is not wanted.
_UNWANTED = "rick@leads.example"
_LEFT_OUT: tuple[Literal["automated", "list", "never_exchanged"], ...] = (
    "automated",
    "list",
    "never_exchanged",
)


class View(Protocol):
    """Shows how far a harvest has come."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def show(self, harvest: Harvest) -> None: ...


async def tell_contacts(
    teller: Teller, client: AsyncClient, mailbox: Mailbox, view: Callable[[], View]
) -> None:
    """Harvest the mailbox, look at its people, import and export them, and harvest again."""
    teller.step("Harvest", "its mail: headers only; nothing in the mailbox changes")
    await _harvest(teller, client, mailbox, view)
    await _top(teller, client)
    await _skipped(teller, client)
    await _duplicates(teller, client)
    await _import(teller, client)
    await _export(teller, client)
    await _delete(teller, client)
    teller.step("Harvest", "again: the service knows how far it has read each folder")
    await _harvest(teller, client, mailbox, view)


async def _harvest(teller: Teller, client: AsyncClient, mailbox: Mailbox, view: Callable[[], View]) -> None:
    last = Harvest()
    with view() as shown:
        async for last in client.harvest(mailbox.id):
            shown.show(last)
    if last.HasField("failure"):
        teller.bad(last.failure.error)
        return
    progress = last.progress
    if not progress.scanned:
        teller.good("no new messages; who was deleted stays deleted")
        return
    seconds = (last.ended_at.ToDatetime() - last.started_at.ToDatetime()).total_seconds()
    teller.good(
        f"{progress.scanned} messages read and {progress.contacts} addresses found in {seconds:.1f} s"
    )
    teller.note(
        f"{progress.duplicates} messages lie in two folders and count once; Junk, Trash and Drafts do not"
    )


async def _top(teller: Teller, client: AsyncClient) -> None:
    teller.step("List", "the contacts, closest first, each with its reason")
    page = await client.contacts_page(_TOP)
    columns = (_column("name", 16), _column("address", 23), _column("reason", 26))
    table = Table(Column("rank", justify="right", min_width=4), *columns)
    for one in page.contacts:
        table.add_row(str(one.rank), Text(one.display_name), Text(one.address), Text(one.reason.text))
    teller.show(table)
    teller.note(f"… and {page.total_size - len(page.contacts)} more")


async def _skipped(teller: Teller, client: AsyncClient) -> None:
    teller.step("Skipped", "what was left out, and why")
    for reason in _LEFT_OUT:
        page = await client.skipped_page(0, reasons=[reason])
        teller.fact(f"{page.total_size} {reason.replace('_', ' ')}")
        # One example of each kind of evidence.
        for one in {one.reason.code: one for one in reversed(page.skipped)}.values():
            teller.note(f"{one.address}: {one.reason.text}")


async def _duplicates(teller: Teller, client: AsyncClient) -> None:
    teller.step("Merge", "who may be one person; nothing is merged by itself")
    pairs = [pair async for pair in client.duplicates()]
    for pair in pairs:
        teller.fact(f"{pair.first.address} and {pair.second.address} ({pair.score:.2f})")
        teller.note(pair.why)
    if not pairs:
        return
    first, second = pairs[0].first, pairs[0].second
    merged = await client.merge_contacts([first.id, second.id])
    contact = merged.contact
    teller.good(
        f"merged: {contact.display_name}, {len(contact.addresses)} addresses, "
        f"{contact.wrote_to} messages to and {contact.received} from them"
    )
    back = await client.undo_merge(merged.merge_id)
    teller.good(f"taken back: {len(back)} contacts, as they were")


async def _import(teller: Teller, client: AsyncClient) -> None:
    teller.step("Import", f"persons of rank {_LEAST_RANK} and above into the group '{_GROUP}'")
    for name, dry_run in (("dry run", True), ("import", False), ("again", False)):
        result = await client.import_contacts(group=_GROUP, min_rank=_LEAST_RANK, dry_run=dry_run)
        teller.good(f"{name}: {result.added} added, {result.updated} updated, {result.unchanged} unchanged")
    teller.fact(f"left out: {_left_out(result)}")


def _left_out(result: ImportContactsResponse) -> str:
    return ", ".join(
        f"{one.count} {SkipReason.Name(one.reason).removeprefix('SKIP_REASON_').lower().replace('_', ' ')}"
        for one in result.skipped
    )


async def _export(teller: Teller, client: AsyncClient) -> None:
    teller.step("Export", "the group as vCards; CSV and vCard 4.0 are there as well")
    [group] = await client.list_groups()
    card = b"".join([piece async for piece in client.export_contacts("vcard_3", group_id=group.id)])
    for line in card.decode().splitlines()[:_CARD_LINES]:
        teller.note(line)
    teller.note(f"… {card.count(b'END:VCARD')} cards")


async def _delete(teller: Teller, client: AsyncClient) -> None:
    [unwanted] = (await client.contacts_page(1, query=_UNWANTED)).contacts
    teller.step("Delete", f"{unwanted.display_name}: {unwanted.reason.text}, and got no answer")
    await client.delete_contact(unwanted.id)
    teller.good("gone for good")


def _column(name: str, width: int) -> Column:
    return Column(name, max_width=width, no_wrap=True, overflow="ellipsis")
