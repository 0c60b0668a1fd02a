"""What is known of one mail provider."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Login(enum.Enum):
    """What a provider takes as login name."""

    ADDRESS = enum.auto()
    #: What stands before the "@".
    LOCAL_PART = enum.auto()
    #: Something that the address does not tell.
    OTHER = enum.auto()


@dataclass(frozen=True, slots=True)
class MailHost:
    """An IMAP server, and whose mail is on it."""

    #: Empty when the provider lets no mail program in (`Provider.without_imap`).
    host: str
    #: Mail domains: what follows the "@", each by itself and nothing below it.
    domains: tuple[str, ...] = ()
    #: Where mail for customers' own domains goes (MX): these names and those below them.
    mx: tuple[str, ...] = ()
    port: int = 993
    #: False: STARTTLS.
    tls: bool = True
    login: Login = Login.ADDRESS


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. URLs are the provider's own pages; empty when it has none."""

    #: Stable, lower case; callers see it as `Mailbox.provider`.
    id: str
    #: As people write it.
    name: str
    #: Names that are the provider's alone: they and every name below them are its servers.
    domains: tuple[str, ...]
    #: Where the mail is, by the domain of the address. What `imap_settings_url` says, where there is one.
    mail: tuple[MailHost, ...] = ()
    #: Where a person makes an app password.
    app_password_url: str = ""
    #: What the provider calls an app password.
    app_password_name: str = "app password"  # noqa: S105  (a name, not a password)
    #: Where it says how to switch IMAP on.
    imap_settings_url: str = ""
    #: False: only OAuth2 works.
    takes_passwords: bool = True
    #: True: the account's own password never works; False: only with two-step verification on, or never.
    needs_app_password: bool = False
    #: Shows app passwords in groups ("abcd efgh ijkl mnop") and wants them without the spaces.
    strips_password_spaces: bool = False
    #: Why no mail program gets in, as one sentence for a person; empty when one does.
    without_imap: str = ""

    @property
    def an_app_password(self) -> str:
        """Its name for an app password, with the article."""
        name = self.app_password_name
        return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def under(name: str, endings: str) -> tuple[str, ...]:
    """Return the name under each of these endings, which stand with spaces between them."""
    return tuple(f"{name}.{ending}" for ending in endings.split())
