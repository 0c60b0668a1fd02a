"""Which folders are harvested: told by special use (RFC 6154), never by name, for names are localised."""

from __future__ import annotations

from collections.abc import Sequence

from mailbox_svc.ports.mail import MailFolder

#: Not yet sent, not wanted, or thrown away.
_LEFT_OUT = frozenset({"\\junk", "\\trash", "\\drafts"})


def to_harvest(folders: Sequence[MailFolder]) -> list[MailFolder]:
    """Return the folders to read, in an order that depends on nothing but them.

    The folder that holds all mail, where the server has one; else every folder that is not left out. What
    was sent comes first: the copy of a message that the user sent says more than the one that came back.
    """
    usable = [folder for folder in folders if folder.selectable]
    everything = [folder for folder in usable if "\\all" in folder.attributes]
    chosen = everything or [folder for folder in usable if folder.attributes.isdisjoint(_LEFT_OUT)]
    return sorted(chosen, key=lambda folder: ("\\sent" not in folder.attributes, folder.raw_name))


def of_sent_mail(folders: Sequence[MailFolder]) -> list[MailFolder]:
    """Return the folders that hold what the user sent."""
    return [folder for folder in folders if "\\sent" in folder.attributes and folder.selectable]
