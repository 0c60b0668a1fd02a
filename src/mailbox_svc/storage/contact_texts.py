"""What a contact is found and sorted by."""

from __future__ import annotations

from collections.abc import Iterable

from mailbox_svc.contacts.search import fold
from mailbox_svc.model.address import display_address


def searchable(names: Iterable[str], written: Iterable[str]) -> str:
    """Return the names and addresses, folded: what the words of a query are looked for in."""
    texts = [*names]
    for address in written:
        texts.append(address)
        if "xn--" in address:
            texts.append(display_address(address))
    return fold("\n".join(texts))
