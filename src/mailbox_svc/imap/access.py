"""From a mailbox's settings to a session that has logged in, and from what went wrong to a report.

The one way in: the connection test and the reading of mail both take it. No text of a server gets out.
"""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from mailbox_svc.imap.account_gate import AccountGate
from mailbox_svc.imap.classify import Verdict, classify
from mailbox_svc.imap.dial import EgressPolicy, dial
from mailbox_svc.imap.failure import ConnectionFailed, Stages
from mailbox_svc.imap.resolve import HostResolver
from mailbox_svc.imap.session import Session
from mailbox_svc.model.check import AccessToken, Code, ConnectionReport, Credential, Stage
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.providers import provider_of
from mailbox_svc.model.remedies import advise
from mailbox_svc.trust import tls_context

_log = logging.getLogger(__name__)

# What it means that time ran out in a stage; in the stages not named here, SERVER_TIMEOUT. A server that
# takes the connection and then leaves the handshake hanging most often has the wrong TLS mode.
_OUT_OF_TIME = {
    Stage.RESOLVE: Code.DNS_TEMPORARY,
    Stage.CONNECT: Code.CONNECT_TIMEOUT,
    Stage.TLS: Code.TLS_FAILURE,
}


class Access:
    """Opens sessions under one policy, with one TLS context. Safe for concurrent use."""

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        ca_file: Path | None = None,
        resolver: HostResolver | None = None,
        per_account: int | None = None,
    ) -> None:
        """`per_account` is how many connections there may be to one account at a time; None is any number.

        Raises ConfigError when `ca_file`, a PEM file of further authorities, cannot be used.
        """
        self._accounts = AccountGate(per_account)
        self._policy = policy
        self._resolver = resolver or HostResolver()
        self._tls = tls_context(ca_file)

    def room(self, destination: Destination, *, timeout: float) -> AbstractAsyncContextManager[None]:
        """Hold the room for one connection to the account, as `AccountGate.hold` does."""
        return self._accounts.hold(destination, timeout=timeout)

    async def log_in(self, destination: Destination, credential: Credential, stages: Stages) -> Session:
        """Connect and log in. Raises ConnectionFailed; `told` makes a report of it."""
        line = await dial(
            destination.host, destination.port, policy=self._policy, resolver=self._resolver, stages=stages
        )
        session = await Session.open(
            line.sock, line.name, tls=destination.tls, ssl_context=self._tls, stages=stages
        )
        try:
            with stages.enter(Stage.AUTH):
                await session.login(destination.user, credential)
        except BaseException:
            session.abort()
            raise
        return session


def told(
    error: Exception, stages: Stages, destination: Destination, credential: Credential
) -> ConnectionReport:
    """Return the report of a connection that ended so, in the stage that was entered last.

    `error` is a ConnectionFailed, the TimeoutError of the caller's deadline, or what nobody foresaw.
    """
    verdict = _verdict(error, stages.current, destination, credential)
    advice = advise(verdict.code, stages.current, destination, provider_of(destination.host))
    retry_after = verdict.retry_after if verdict.retry_after is not None else advice.retry_after
    return ConnectionReport(
        verdict.code,
        stages.current,
        error=advice.error,
        remedy=advice.remedy,
        wrong_fields=advice.wrong_fields,
        retryable=advice.retryable,
        retry_after=retry_after if advice.retryable else None,
        checks=stages.checks,
    )


def _verdict(error: Exception, stage: Stage, destination: Destination, credential: Credential) -> Verdict:
    if isinstance(error, ConnectionFailed):
        return classify(
            error,
            stage=stage,
            provider=provider_of(destination.host),
            with_token=isinstance(credential, AccessToken),
        )
    if isinstance(error, TimeoutError):
        return Verdict(_OUT_OF_TIME.get(stage, Code.SERVER_TIMEOUT))
    # The name of the type only: the text could quote what was sent or received.
    _log.error(
        "unexpected error in a connection",
        extra={"error_type": type(error).__name__, "stage": stage.value},
    )
    return Verdict(Code.PROTOCOL_ERROR)
