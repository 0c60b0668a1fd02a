"""Accounts that are connected without a password."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mailbox_svc.rest.models.base import Answer, Body
from mailbox_svc.rest.models.given import GivenId
from mailboxes import OAuthProvider

_Text = Annotated[str, Field(max_length=1024)]


class Provider(Answer):
    """An account provider."""

    id: str
    name: str = Field(description="How people write it.")
    configured: bool = Field(description="Only then can it be used.")
    host: str = Field(description="The IMAP server that its mailboxes get.")
    port: int
    scopes: list[str] = Field(description="What the user will be asked to allow.")

    @classmethod
    def of(cls, message: OAuthProvider) -> Provider:
        return cls(
            id=message.id,
            name=message.name,
            configured=message.configured,
            host=message.host,
            port=message.port,
            scopes=list(message.scopes),
        )


class StartBody(Body):
    """What account is to be connected, and where the browser goes afterwards."""

    login_hint: _Text | None = Field(
        default=None, description="The address that the provider should suggest."
    )
    mailbox_id: GivenId | None = Field(
        default=None, description="Connects this mailbox again; a password it had is then erased."
    )
    return_to: _Text | None = Field(
        default=None,
        description="Where the browser ends, on an allowed origin; else on a page that closes itself.",
    )


class Started(Answer):
    """Where to send the browser."""

    authorization_url: str = Field(json_schema_extra={"format": "uri"})


class Revoked(Answer):
    """The permission is forgotten here."""

    ok: Literal[True] = True
    told_provider: bool = Field(description="Whether the provider knows; else the user can remove it there.")
