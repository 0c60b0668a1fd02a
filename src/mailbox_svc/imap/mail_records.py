"""The records of a mail domain: SRV and MX. What they name is not looked up, let alone connected to."""

from __future__ import annotations

from collections.abc import Sequence

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdata
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.IN.SRV import SRV

from mailbox_svc.imap.resolve import is_localhost
from mailbox_svc.ports.mail_dns import ServiceRecord

#: Records of one answer that are looked at; honest domains have one or two, a TCP answer holds thousands.
_MOST = 8


class MailRecords:
    """Asks name servers. Satisfies `ports.mail_dns.MailDns`."""

    def __init__(self, resolver: dns.asyncresolver.Resolver) -> None:
        self._dns = resolver

    async def services(self, service: str, domain: str, *, timeout: float) -> list[ServiceRecord]:
        """Of equal priority the heavier is the better.

        RFC 2782 has clients choose among those by lot; here the same question must have the same answer.
        """
        found = [
            record
            for record in await self._ask(f"{service}.{domain}", "SRV", timeout)
            if isinstance(record, SRV)
        ]
        offered = [record for record in found if record.target != dns.name.root]  # "." says: not offered
        offered.sort(key=lambda record: (record.priority, -record.weight, record.target))
        return [ServiceRecord(_text(record.target), record.port) for record in offered[:_MOST]]

    async def exchangers(self, domain: str, *, timeout: float) -> list[str]:
        """The hosts of the best preference alone: the others may belong to whoever queues for the domain."""
        found = [record for record in await self._ask(domain, "MX", timeout) if isinstance(record, MX)]
        best = min((record.preference for record in found), default=0)
        first = [record.exchange for record in found if record.preference == best]
        return [_text(name) for name in sorted(first) if name != dns.name.root][:_MOST]  # RFC 7505

    async def _ask(self, name: str, kind: str, timeout: float) -> Sequence[dns.rdata.Rdata]:
        if is_localhost(name):
            return ()
        try:
            # The trailing dot keeps search domains out.
            answer = await self._dns.resolve(f"{name}.", kind, lifetime=timeout, raise_on_no_answer=False)
        except (dns.exception.DNSException, OSError):
            return ()
        return tuple(answer.rrset or ())


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True)
