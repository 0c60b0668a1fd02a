"""The connection test: one whole connection under one deadline, told as a report.

Whatever a server does ends in the report. No text of a server enters it or a log.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from contextlib import suppress
from pathlib import Path

from mailbox_svc.errors import ConfigError
from mailbox_svc.imap.classify import Verdict, classify
from mailbox_svc.imap.dial import EgressPolicy, dial
from mailbox_svc.imap.failure import ConnectionFailed, Stages
from mailbox_svc.imap.remedies import advise
from mailbox_svc.imap.resolve import HostResolver
from mailbox_svc.imap.session import Session
from mailbox_svc.model.check import AccessToken, Code, ConnectionReport, Credential, Stage
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.providers import provider_of

_log = logging.getLogger(__name__)

# What it means that time ran out in a stage; in the stages not named here, SERVER_TIMEOUT. A server that
# takes the connection and then leaves the handshake hanging most often has the wrong TLS mode.
_OUT_OF_TIME = {
    Stage.RESOLVE: Code.DNS_TEMPORARY,
    Stage.CONNECT: Code.CONNECT_TIMEOUT,
    Stage.TLS: Code.TLS_FAILURE,
}


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Return the one context for all connections: the system's authorities, and those of `ca_file`.

    Making it takes 50 ms. Raises ConfigError when the file cannot be used.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The same on every Python: 3.13 would turn away private authorities that are older than RFC 5280, and
    # 3.12 a server certificate that was added to `ca_file` without its issuer.
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError):
            raise ConfigError(f"The file of TLS authorities {ca_file} cannot be used.") from None
    return context


class ImapConnectionTester:
    """Makes one real connection; satisfies `ports.ConnectionTester`. Safe for concurrent use."""

    def __init__(
        self, policy: EgressPolicy, *, ca_file: Path | None = None, resolver: HostResolver | None = None
    ) -> None:
        """Raises ConfigError when `ca_file`, a PEM file of further authorities, cannot be used."""
        self._policy = policy
        self._resolver = resolver or HostResolver()
        self._tls = tls_context(ca_file)

    async def test(
        self, destination: Destination, credential: Credential, *, timeout: float
    ) -> ConnectionReport:
        """Connect, log in, list the folders and log out, all within `timeout` seconds."""
        deadline = asyncio.get_running_loop().time() + timeout
        stages = Stages()
        try:
            async with asyncio.timeout_at(deadline):
                session = await self._logged_in(destination, credential, stages)
        except ConnectionFailed as failure:
            verdict = classify(
                failure,
                stage=stages.current,
                provider=provider_of(destination.host),
                with_token=isinstance(credential, AccessToken),
            )
            return _failed(verdict, stages, destination)
        except TimeoutError:
            code = _OUT_OF_TIME.get(stages.current, Code.SERVER_TIMEOUT)
            return _failed(Verdict(code), stages, destination)
        except Exception as error:  # noqa: BLE001  (a server must not be able to break the caller)
            # The name of the type only: the text could quote what was sent or received.
            _log.error(
                "unexpected error in a connection test",
                extra={"error_type": type(error).__name__, "stage": stages.current.value},
            )
            return _failed(Verdict(Code.PROTOCOL_ERROR), stages, destination)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await session.close()
        return ConnectionReport(Code.OK, Stage.LIST, checks=stages.checks)

    async def _logged_in(self, destination: Destination, credential: Credential, stages: Stages) -> Session:
        """Return a session that has logged in and listed its folders."""
        line = await dial(
            destination.host, destination.port, policy=self._policy, resolver=self._resolver, stages=stages
        )
        session = await Session.open(
            line.sock, line.name, tls=destination.tls, ssl_context=self._tls, stages=stages
        )
        try:
            with stages.enter(Stage.AUTH):
                await session.login(destination.user, credential)
            with stages.enter(Stage.LIST):
                await session.list_folders()
        except BaseException:
            session.abort()
            raise
        return session


def _failed(verdict: Verdict, stages: Stages, destination: Destination) -> ConnectionReport:
    stage = stages.current
    advice = advise(verdict.code, stage, destination, provider_of(destination.host))
    retry_after = verdict.retry_after if verdict.retry_after is not None else advice.retry_after
    return ConnectionReport(
        verdict.code,
        stage,
        error=advice.error,
        remedy=advice.remedy,
        wrong_fields=advice.wrong_fields,
        retryable=advice.retryable,
        retry_after=retry_after if advice.retryable else None,
        checks=stages.checks,
    )
