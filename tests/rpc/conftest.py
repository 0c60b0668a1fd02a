from __future__ import annotations

import pytest

from mailbox_svc.mailboxes.service import Mailboxes
from mailbox_svc.model.mailbox import Mailbox


class NoMailboxes(Mailboxes):
    """Nobody has a mailbox here. For tests that look at what surrounds a call."""

    def __init__(self) -> None:
        """Need neither store nor vault."""

    async def list(self, user_id: str) -> list[Mailbox]:  # noqa: ARG002
        return []


@pytest.fixture
def no_mailboxes() -> Mailboxes:
    return NoMailboxes()
