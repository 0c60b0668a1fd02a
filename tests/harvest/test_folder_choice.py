"""Which folders are read, and in which order."""

from __future__ import annotations

from mailbox_svc.harvest.folder_choice import of_sent_mail, to_harvest
from mailbox_svc.ports.mail import MailFolder


def folder(name: str, *attributes: str) -> MailFolder:
    return MailFolder(name, name.encode(), frozenset(attributes))


ORDINARY = [
    folder("INBOX"),
    folder("Papierkorb", "\\trash"),
    folder("Gesendet", "\\sent", "\\hasnochildren"),
    folder("Spam", "\\junk"),
    folder("Entwürfe", "\\drafts"),
    folder("Archive", "\\archive"),
    folder("Trash of ideas"),
    folder("Kunden", "\\noselect"),
    folder("Gone", "\\nonexistent"),
]


def test_all_but_junk_trash_drafts_and_what_cannot_be_opened_are_read_sent_mail_first() -> None:
    assert [f.name for f in to_harvest(ORDINARY)] == ["Gesendet", "Archive", "INBOX", "Trash of ideas"]


def test_the_order_of_the_list_does_not_matter() -> None:
    assert to_harvest(ORDINARY[::-1]) == to_harvest(ORDINARY)


def test_a_folder_with_all_mail_is_enough() -> None:
    everything = folder("[Gmail]/Alle Nachrichten", "\\all")
    assert to_harvest([*ORDINARY, everything]) == [everything]


def test_an_all_mail_folder_that_cannot_be_opened_is_none() -> None:
    assert to_harvest([folder("All", "\\all", "\\noselect"), folder("INBOX")]) == [folder("INBOX")]


def test_sent_mail_is_known_by_its_attribute_alone() -> None:
    assert [f.name for f in of_sent_mail([*ORDINARY, folder("Sent Items")])] == ["Gesendet"]
