"""What of OAuth2 crosses the wire: no secret but the state, and nothing that was not said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from google.protobuf.json_format import MessageToDict

from mailbox_svc.model.secret import Secret
from mailbox_svc.oauth.service import StartedAuthorization
from mailbox_svc.rpc.convert_oauth import code_from_pb, provider_to_pb, started_to_pb
from mailboxes.v1 import oauth_service_pb2 as pb
from support.oidc import OidcProvider

PROVIDER = OidcProvider("https://id.example.org", "http://127.0.0.1/callback", 3600).provider(
    imap_host="imap.example.org"
)


def test_a_provider_is_shown_without_how_this_service_is_registered_there() -> None:
    shown = provider_to_pb(PROVIDER)
    assert MessageToDict(shown) == {
        "id": "example",
        "name": "Example",
        "configured": True,
        "host": "imap.example.org",
        "port": 993,
        "scopes": list(PROVIDER.scopes),
        "redirectUri": "http://127.0.0.1/callback",
    }
    assert PROVIDER.client is not None
    assert PROVIDER.client.id.encode() not in shown.SerializeToString()


def test_a_provider_that_is_not_set_up_has_nowhere_to_come_back_to() -> None:
    shown = provider_to_pb(replace(PROVIDER, client=None))
    assert (shown.id, shown.configured, shown.redirect_uri) == ("example", False, "")


def test_what_was_started_is_shown_whole_and_to_the_microsecond() -> None:
    until = datetime(2026, 11, 23, 6, 0, 0, 123456, UTC)
    shown = started_to_pb(StartedAuthorization("https://id.example.org/auth?x=1", Secret("CANARY-s"), until))
    assert (shown.authorization_url, shown.state) == ("https://id.example.org/auth?x=1", "CANARY-s")
    assert shown.expire_time.ToDatetime(tzinfo=UTC) == until


def test_a_code_is_told_from_none_and_does_not_show_itself() -> None:
    assert code_from_pb(pb.CompleteAuthorizationRequest(state="CANARY-s")) is None
    code = code_from_pb(pb.CompleteAuthorizationRequest(code="CANARY-code"))
    assert code is not None
    assert code.reveal() == "CANARY-code"
    assert "CANARY" not in repr(code)
    empty = code_from_pb(pb.CompleteAuthorizationRequest(code=""))
    assert empty is not None
    assert empty.reveal() == ""
