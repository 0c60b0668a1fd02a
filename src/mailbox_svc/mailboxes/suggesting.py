"""How the mailbox of an address is reached: from the table of providers, else from the domain's records.

Nothing is connected to. What the DNS says is bounded in time and number, and its failure is no error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from mailbox_svc.errors import FieldViolation, InvalidFields
from mailbox_svc.mailboxes.limits import Rate, RateLimiter
from mailbox_svc.mailboxes.rules import MAX_USER, server_name
from mailbox_svc.model.address import canonical
from mailbox_svc.model.fields import has_control
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.oauth import OAuthProvider
from mailbox_svc.model.providers import Login, MailHost, Provider, mail_of, mail_through, provider_of
from mailbox_svc.model.suggestion import SettingsSource, Suggestion
from mailbox_svc.ports.mail_dns import MailDns

#: Addresses of one user whose domains are looked up, counted in each process; the table costs nothing.
LOOK_UPS = Rate(30, 60)
#: Seconds for all look-ups of an address: somebody is waiting in front of a form.
PATIENCE = 2.5

# Of the characters that RFC 5322 §3.2.3 keeps out of an unquoted local part, those that people paste.
_NEVER_TYPED = frozenset('<>()[],;:"\\@')


class Suggestions:
    """The use case of SuggestSettings."""

    def __init__(
        self, dns: MailDns, oauth_providers: Iterable[OAuthProvider] = (), *, look_ups: Rate = LOOK_UPS
    ) -> None:
        self._dns = dns
        configured = [provider for provider in oauth_providers if provider.configured]
        # Reversed, so that of several at one host the operator's first stays.
        self._oauth = {_plain(provider.imap_host): provider.id for provider in reversed(configured)}
        self._look_ups = RateLimiter(look_ups)

    async def suggest(self, user_id: str, address: str) -> Suggestion:
        """Return what is known of the address.

        The table of providers comes first, then the domain's SRV records (RFC 6186), with TLS from the
        start before STARTTLS (RFC 8314 §3), then its MX. Raises InvalidFields or RateLimited.
        """
        wanted = _checked(address)
        if (row := mail_of(wanted.domain)) is not None:
            return self._at_provider(SettingsSource.PROVIDER, wanted, *row)
        self._look_ups.take(
            user_id, message="Too many addresses were looked up for this user; try again a little later."
        )
        imaps, imap, exchangers = await asyncio.gather(
            self._dns.services("_imaps._tcp", wanted.domain, timeout=PATIENCE),
            self._dns.services("_imap._tcp", wanted.domain, timeout=PATIENCE),
            self._dns.exchangers(wanted.domain, timeout=PATIENCE),
        )
        for record, tls in (*((record, True) for record in imaps), *((record, False) for record in imap)):
            host = server_name(record.target)
            if host is not None and record.port:
                destination = Destination(host=host, port=record.port, tls=tls, user=wanted.address)
                return self._reached(SettingsSource.DNS, destination, provider_of(host))
        for exchanger in exchangers:
            if (row := mail_through(exchanger)) is not None:
                return self._at_provider(SettingsSource.MX, wanted, *row)
        return Suggestion(SettingsSource.NONE)

    def _at_provider(
        self, source: SettingsSource, wanted: _Address, provider: Provider, mail: MailHost
    ) -> Suggestion:
        if not mail.host:
            return Suggestion(source, provider=provider)
        user = {Login.ADDRESS: wanted.address, Login.LOCAL_PART: wanted.local_part, Login.OTHER: ""}
        destination = Destination(host=mail.host, port=mail.port, tls=mail.tls, user=user[mail.login])
        return self._reached(source, destination, provider)

    def _reached(
        self, source: SettingsSource, destination: Destination, provider: Provider | None
    ) -> Suggestion:
        # By the host and not by the provider: a registration is good for the data centre it names.
        return Suggestion(source, destination, provider, self._oauth.get(_plain(destination.host), ""))


@dataclass(frozen=True, slots=True)
class _Address:
    #: As it was typed.
    address: str
    local_part: str
    #: In lower case, in A-labels.
    domain: str


def _checked(typed: str) -> _Address:
    address = typed.strip()
    local_part, _, domain = address.rpartition("@")
    name = server_name(canonical(domain))
    if (
        not local_part
        or len(address) > MAX_USER
        or name is None
        or not name.isascii()
        or has_control(address)
        or any(c.isspace() or c in _NEVER_TYPED for c in local_part)
    ):
        raise InvalidFields(
            FieldViolation("address", "This is not an e-mail address; it should look like ann@example.org.")
        )
    return _Address(address, local_part, name)


def _plain(host: str) -> str:
    return host.lower().removesuffix(".")
