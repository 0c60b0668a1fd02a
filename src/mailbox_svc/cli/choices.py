"""What people name on the command line, and what the service calls it: mailboxes, groups, contacts, words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Annotated, Any, Literal, TypeVar

import typer

from mailbox_svc.cli.console import fail
from mailboxes import Client, Contact, Group, Mailbox

Kind = Literal["person", "automated", "list", "role"]
Policy = Literal["wrote_to", "corresponded", "everyone"]
PolicyWord = Literal["wrote-to", "corresponded", "everyone"]
Reason = Literal["automated", "list", "never_wrote_to", "never_exchanged", "own_address", "deleted", "merged"]
T = TypeVar("T")

#: In the order they are told in.
REASONS: tuple[Reason, ...] = (
    "automated",
    "list",
    "never_wrote_to",
    "never_exchanged",
    "own_address",
    "deleted",
    "merged",
)
_KINDS: dict[str, Kind] = {"person": "person", "automated": "automated", "list": "list", "role": "role"}
_POLICIES: dict[PolicyWord, Policy] = {
    "wrote-to": "wrote_to",
    "corresponded": "corresponded",
    "everyone": "everyone",
}

MailboxOption = Annotated[
    str | None, typer.Option("--mailbox", metavar="MAILBOX", help="Only those seen in this mailbox.")
]
GroupOption = Annotated[str | None, typer.Option("--group", metavar="GROUP", help="Only its members.")]
KindOption = Annotated[
    str, typer.Option("--kind", metavar="KIND,…", help="Only of these: person, automated, list, role.")
]
QueryOption = Annotated[
    str,
    typer.Option("--query", metavar="WORDS", help="Only those whose names or addresses have all of them."),
]
MailboxArgument = Annotated[
    str, typer.Argument(metavar="MAILBOX", help="Its label, its user's address, or its id.")
]
GroupArgument = Annotated[str, typer.Argument(metavar="GROUP", help="Its name or its id.")]
ContactArgument = Annotated[str, typer.Argument(metavar="CONTACT", help="One of its addresses, or its id.")]


def word(enum: Any, value: int, prefix: str) -> str:
    """Return an enum's member as people write it: "never wrote to" for SKIP_REASON_NEVER_WROTE_TO."""
    member = enum.DESCRIPTOR.values_by_number.get(value)
    # A newer service may have more than we know of.
    return member.name.removeprefix(prefix).lower().replace("_", " ") if member else str(value)


def kinds(words: str) -> list[Kind]:
    """Return the kinds in a list with commas."""
    return _members(words, _KINDS, "--kind")


def reasons(words: str) -> list[Reason]:
    """Return the reasons for leaving out in a list with commas."""
    return _members(words, {reason.replace("_", "-"): reason for reason in REASONS}, "--reason")


def _members(words: str, known: Mapping[str, T], option: str) -> list[T]:
    given = [one.strip().lower() for one in words.split(",") if one.strip()]
    for one in given:
        if one not in known:
            raise typer.BadParameter(f"{one!r} is none of {', '.join(known)}.", param_hint=option)
    return [known[one] for one in given]


def policy_of(given: PolicyWord | None) -> Policy | None:
    """Return the policy in the client's words."""
    return None if given is None else _POLICIES[given]


def find_mailbox(client: Client, name: str) -> Mailbox:
    """Return the mailbox of this id, or the only one of this label or user."""
    mailboxes = client.list()
    found = [one for one in mailboxes if one.id == name.lower()] or [
        one for one in mailboxes if name.casefold() in {one.label.casefold(), one.user.casefold()}
    ]
    if len(found) > 1:
        fail(f"{len(found)} mailboxes are called {name!r}; name one by its id: {_listed(found)}.")
    if not found:
        fail(
            f"There is no mailbox {name!r}; "
            + (f"there are: {_listed(mailboxes)}." if mailboxes else "none is saved.")
        )
    return found[0]


def mailbox_id(client: Client, name: str | None) -> str | None:
    """Return the id of the mailbox, if one is named."""
    return None if name is None else find_mailbox(client, name).id


def find_group(client: Client, name: str) -> Group:
    """Return the group of this name or id."""
    groups = client.list_groups()
    found = [one for one in groups if one.name.casefold() == name.strip().casefold()] or [
        one for one in groups if one.id == name.lower()
    ]
    if not found:
        names = ", ".join(one.name for one in groups)
        fail(f"There is no group {name!r}; " + (f"there are: {names}." if names else "none is made."))
    return found[0]


def group_id(client: Client, name: str | None) -> str | None:
    """Return the id of the group, if one is named."""
    return None if name is None else find_group(client, name).id


def contact_id(client: Client, name: str) -> str:
    """Return the id of the contact with this address, kept or skipped; what has no @ is an id."""
    if "@" not in name:
        return name
    found = chain(client.list_contacts(query=name), client.list_skipped(query=name))
    for contact in found:
        if name.casefold() in (one.address.casefold() for one in contact.addresses):
            return contact.id
    return fail(f"There is no contact with the address {name}.")


def contact_ids(client: Client, names: Iterable[str]) -> list[str]:
    """Return the ids of these contacts."""
    return [contact_id(client, name) for name in names]


def title(contact: Contact) -> str:
    """Return a contact's name and address for one line."""
    return f"{contact.display_name} <{contact.address}>" if contact.display_name else contact.address


def _listed(mailboxes: Sequence[Mailbox]) -> str:
    return ", ".join(f"{one.label or one.user} ({one.id})" for one in mailboxes)
