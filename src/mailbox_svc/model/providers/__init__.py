"""Mail providers: known by the names of their servers, by mail domains, and by where a domain's mail goes.

Never decides where to connect, and an address or a name nobody listed has no provider. The rows were
compiled from the providers' own pages, which `imap_settings_url` names, and not tried against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from mailbox_svc.model.providers.elsewhere import ELSEWHERE
from mailbox_svc.model.providers.europe import EUROPE
from mailbox_svc.model.providers.hosting import HOSTING
from mailbox_svc.model.providers.provider import Login, MailHost, Provider
from mailbox_svc.model.providers.worldwide import WORLDWIDE

__all__ = ["PROVIDERS", "Login", "MailHost", "Provider", "mail_of", "mail_through", "provider_of"]

T = TypeVar("T")

PROVIDERS: tuple[Provider, ...] = (*WORLDWIDE, *HOSTING, *EUROPE, *ELSEWHERE)

_MAIL = tuple((provider, mail) for provider in PROVIDERS for mail in provider.mail)
_BY_SERVER = {domain: provider for provider in PROVIDERS for domain in provider.domains}
_BY_MAIL_DOMAIN = {domain: row for row in _MAIL for domain in row[1].domains}
_BY_MX = {name: row for row in _MAIL for name in row[1].mx}


def provider_of(host: str) -> Provider | None:
    """Return whose server this is, or None.

    Upper case and a trailing dot do not matter. A domain counts for itself and for names below it,
    never as the tail of a label: `notgmail.com` and `imap.gmail.com.example.org` are nobody's.
    """
    return _at_or_above(host, _BY_SERVER)


def mail_of(domain: str) -> tuple[Provider, MailHost] | None:
    """Return where mail of addresses in this domain is, when it is a provider's own domain, in lower case."""
    return _BY_MAIL_DOMAIN.get(domain)


def mail_through(exchanger: str) -> tuple[Provider, MailHost] | None:
    """Return where mail is that this host takes in (MX), by the rules of `provider_of`."""
    return _at_or_above(exchanger, _BY_MX)


def _at_or_above(name: str, rows: Mapping[str, T]) -> T | None:
    labels = name.lower().removesuffix(".").split(".")
    tails = (".".join(labels[start:]) for start in range(len(labels)))
    return next((rows[tail] for tail in tails if tail in rows), None)
