"""Owns the translation of providers and authorizations between protobuf and the model. It decides nothing."""

from __future__ import annotations

from mailbox_svc.model.oauth import OAuthProvider
from mailbox_svc.model.secret import Secret
from mailbox_svc.oauth.service import StartedAuthorization
from mailbox_svc.rpc.values import timestamp
from mailboxes.v1 import oauth_pb2
from mailboxes.v1 import oauth_service_pb2 as pb


def provider_to_pb(provider: OAuthProvider) -> oauth_pb2.OAuthProvider:
    """Return what a caller may know of a provider: nothing of how this service is registered there."""
    return oauth_pb2.OAuthProvider(
        id=provider.id,
        name=provider.name,
        configured=provider.configured,
        host=provider.imap_host,
        port=provider.imap_port,
        scopes=provider.scopes,
        redirect_uri=provider.client.redirect_uri if provider.client else "",
    )


def started_to_pb(started: StartedAuthorization) -> pb.StartAuthorizationResponse:
    """Return where the browser is to go. This is the one answer that a secret leaves in: the state."""
    return pb.StartAuthorizationResponse(
        authorization_url=started.url,
        state=started.state.reveal(),
        expire_time=timestamp(started.expires_at),
    )


def code_from_pb(message: pb.CompleteAuthorizationRequest) -> Secret | None:
    """Return the authorization code, out of reach of logs from here on."""
    return Secret(message.code) if message.HasField("code") else None
