"""How the mailbox of an address is most likely reached. A suggestion, for its user to judge."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.providers import Provider
from mailbox_svc.model.remedies import make_app_password
from mailbox_svc.model.remedy import Remedy


class SettingsSource(enum.StrEnum):
    """Where a suggestion is from. Names are those of `SettingsSource` in the contract."""

    NONE = "NONE"
    PROVIDER = "PROVIDER"
    DNS = "DNS"
    MX = "MX"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is known of an address. The login name is empty where the address does not tell it."""

    source: SettingsSource
    #: None when nothing is known, or when the provider lets no mail program in.
    destination: Destination | None = None
    provider: Provider | None = None
    #: The id of a configured OAuth2 provider that can connect the account; else empty.
    oauth_provider: str = ""

    @property
    def password_hint(self) -> Remedy | None:
        """What to do where the account's own password does not work; None where it does, or nobody knows."""
        provider = self.provider
        if provider is None:
            return None
        if provider.without_imap:
            return Remedy(provider.without_imap, provider.imap_settings_url)
        if not provider.takes_passwords:
            text = f"{provider.name} takes no passwords from mail programs: connect the account with OAuth."
            return Remedy(text, provider.imap_settings_url)
        if provider.needs_app_password:
            return Remedy(make_app_password(provider), provider.app_password_url)
        return None
