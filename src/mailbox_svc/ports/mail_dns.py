"""What a mail domain's owner says of it in the DNS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """Where a service is offered (RFC 2782). As it was answered: the target may be no host name at all."""

    #: Without the trailing dot.
    target: str
    port: int


class MailDns(Protocol):
    """Looks up records of a domain, which is given in A-labels.

    Never raises, and takes `timeout` seconds at most: what cannot be had in time is not there. Answers are
    a few records at most, however many there are.
    """

    async def services(self, service: str, domain: str, *, timeout: float) -> Sequence[ServiceRecord]:
        """Return where the domain offers a service such as `_imaps._tcp`, the best first."""

    async def exchangers(self, domain: str, *, timeout: float) -> Sequence[str]:
        """Return the hosts that the domain's mail goes to first, without trailing dots (RFC 5321 §5.1)."""
