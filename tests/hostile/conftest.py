import asyncio
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_network
from pathlib import Path

import pytest
import uvloop

from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.tester import ImapConnectionTester
from mailbox_svc.model.check import ConnectionReport, Credential
from mailbox_svc.model.mailbox import Destination
from support.imap_client import PASSWORD
from support.imap_server import ScriptedServer, authority

LoopFactories = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]


def pytest_asyncio_loop_factories() -> LoopFactories:
    """The service runs on uvloop where there is one, and its transports are not asyncio's."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


Connect = Callable[..., Awaitable[ConnectionReport]]


@pytest.fixture(scope="session")
def tester(tmp_path_factory: pytest.TempPathFactory) -> ImapConnectionTester:
    ca_file: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority().cert_pem.write_to_path(str(ca_file))
    policy = EgressPolicy(opened=(ip_network("127.0.0.0/8"),), ports=frozenset(range(1, 65536)))
    return ImapConnectionTester(Access(policy, ca_file=ca_file))


@pytest.fixture
def connect(tester: ImapConnectionTester) -> Connect:
    """Tests a mailbox on a scripted server."""

    async def connect(
        server: ScriptedServer,
        *,
        tls: bool = True,
        host: str = "localhost",
        credential: Credential = PASSWORD,
        timeout: float = 5.0,
    ) -> ConnectionReport:
        return await tester.test(Destination(host, server.port, tls, "alice"), credential, timeout=timeout)

    return connect
