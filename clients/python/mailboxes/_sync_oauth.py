"""The sync client's methods about accounts that are connected without a password."""

from __future__ import annotations

from mailboxes import _calls
from mailboxes._oauth_calls import complete_request, redirected_request, start_request
from mailboxes._sync_connection import Connection
from mailboxes.v1 import oauth_service_pb2 as pb
from mailboxes.v1.mailbox_pb2 import Mailbox
from mailboxes.v1.oauth_pb2 import OAuthProvider


class OAuthMethods(Connection):
    """Connecting accounts by OAuth2."""

    def oauth_providers(self) -> list[OAuthProvider]:
        """Return the providers the service knows; only those that are `configured` can be used."""
        request = pb.ListProvidersRequest()
        return list(self._call(self._oauth.ListProviders, request, self._timeout).providers)

    def start_authorization(
        self, provider: str, *, login_hint: str | None = None, mailbox_id: str | None = None
    ) -> pb.StartAuthorizationResponse:
        """Begin to connect an account: send the user's browser to `authorization_url` within ten minutes.

        `login_hint` is the address that the provider should suggest. With `mailbox_id` that mailbox is
        connected again; a password it had is then erased.
        """
        request = start_request(provider, login_hint, mailbox_id)
        return self._call(self._oauth.StartAuthorization, request, self._timeout)

    def complete_authorization(
        self, state: str, *, code: str | None = None, iss: str | None = None, error: str | None = None
    ) -> Mailbox:
        """Store the mailbox, with what the provider put into the query that the browser came back with.

        Raises AuthorizationFailed when there is no access to mail; the state is used up in any case.
        """
        return self._completed(complete_request(state, code, iss, error))

    def complete_authorization_url(self, url: str) -> Mailbox:
        """Do the same with the whole URL that the browser ended on.

        Raises ValueError, before any call, for a URL that no provider sends a browser to.
        """
        return self._completed(redirected_request(url))

    def revoke(self, mailbox_id: str) -> pb.RevokeResponse:
        """Give the permission back; the mailbox and its contacts stay. See `told_provider`."""
        request = pb.RevokeRequest(mailbox_id=mailbox_id)
        return self._call(self._oauth.Revoke, request, _calls.OAUTH_TIMEOUT)

    def _completed(self, request: pb.CompleteAuthorizationRequest) -> Mailbox:
        return self._call(self._oauth.CompleteAuthorization, request, _calls.OAUTH_TIMEOUT).mailbox
