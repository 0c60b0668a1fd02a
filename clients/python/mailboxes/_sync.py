"""The client for ordinary code."""

from __future__ import annotations

from typing import Unpack

from mailboxes import _calls
from mailboxes._calls import DraftFields, Mailboxes, SaveFields
from mailboxes._sync_contacts import ContactMethods
from mailboxes._sync_harvests import HarvestMethods
from mailboxes._sync_oauth import OAuthMethods
from mailboxes.v1 import mailbox_service_pb2 as pb
from mailboxes.v1.mailbox_pb2 import Mailbox


class Client(HarvestMethods, ContactMethods, OAuthMethods):
    """A user's mailboxes and contacts. Safe to share between threads. Every method raises `MailboxError`."""

    def list(self) -> Mailboxes:
        """Return all mailboxes, oldest first."""
        return list(self._call(self._mailboxes.List, pb.ListRequest(), self._timeout).mailboxes)

    def save(self, **fields: Unpack[SaveFields]) -> Mailbox:
        """Create a mailbox, or update the one with the given `id`; return it as stored."""
        return self._call(self._mailboxes.Save, _calls.save_request(**fields), self._timeout).mailbox

    def delete(self, mailbox_id: str) -> None:
        """Remove a mailbox, its password and everything harvested from it."""
        self._call(self._mailboxes.Delete, pb.DeleteRequest(id=mailbox_id), self._timeout)

    def test(self, mailbox_id: str) -> pb.TestResponse:
        """Log in to a saved mailbox once. A failed login is an answer: look at `ok` and `error`."""
        return self._call(self._mailboxes.Test, pb.TestRequest(id=mailbox_id), self._test_timeout)

    def test_draft(self, **fields: Unpack[DraftFields]) -> pb.TestResponse:
        """Log in with what is not saved yet. Nothing is stored."""
        return self._call(self._mailboxes.Test, _calls.draft_request(**fields), self._test_timeout)

    def suggest_settings(self, address: str) -> pb.SuggestSettingsResponse:
        """Return how a mailbox of this address is most likely reached. Nothing is connected to."""
        request = pb.SuggestSettingsRequest(address=address)
        return self._call(self._mailboxes.SuggestSettings, request, self._timeout)
