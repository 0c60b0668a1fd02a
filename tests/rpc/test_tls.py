"""TLS, client certificates, and certificates that are renewed while the server runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
import trustme

from mailbox_svc.errors import ConfigError
from mailbox_svc.rpc.server import RpcConfig, UseCases
from mailbox_svc.rpc.tls import TlsFiles
from mailboxes.v1 import mailbox_service_pb2 as pb
from mailboxes.v1.mailbox_service_pb2_grpc import MailboxServiceStub
from support.certs import ServerFiles, issue
from support.rpc import ANN, Served, bearing, connected, failure_of, serving


@pytest.fixture
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(ca: trustme.CA, tmp_path: Path) -> ServerFiles:
    return issue(ca, tmp_path)


@asynccontextmanager
async def tls_service(
    use_cases: UseCases, files: ServerFiles, client_ca: Path | None = None
) -> AsyncIterator[Served]:
    config = RpcConfig("127.0.0.1:0", tls=TlsFiles(files.chain, files.key, client_ca))
    async with serving(use_cases, config=config) as served:
        yield served


def trusting(ca: trustme.CA, shown: trustme.LeafCert | None = None) -> grpc.ChannelCredentials:
    """A client that trusts this authority and shows this certificate."""
    if shown is None:
        return grpc.ssl_channel_credentials(ca.cert_pem.bytes())
    key, chain = shown.private_key_pem.bytes(), shown.cert_chain_pems[0].bytes()
    return grpc.ssl_channel_credentials(ca.cert_pem.bytes(), key, chain)


async def list_through(port: int, credentials: grpc.ChannelCredentials | None) -> pb.ListResponse:
    async with connected(port, credentials) as channel:
        stub = MailboxServiceStub(channel)
        return await stub.List(pb.ListRequest(), metadata=bearing(ANN), timeout=20)


async def refused(port: int, credentials: grpc.ChannelCredentials | None) -> bool:
    failure = await failure_of(list_through(port, credentials))
    return failure.code is grpc.StatusCode.UNAVAILABLE


async def test_a_client_that_trusts_the_authority_is_served(
    ca: trustme.CA, files: ServerFiles, no_data: UseCases
) -> None:
    async with tls_service(no_data, files) as served:
        await list_through(served.port, trusting(ca))
        assert await refused(served.port, trusting(trustme.CA()))
        assert await refused(served.port, None)


async def test_with_tls_other_machines_are_served(
    ca: trustme.CA, files: ServerFiles, no_data: UseCases
) -> None:
    config = RpcConfig("0.0.0.0:0", tls=TlsFiles(files.chain, files.key))
    async with serving(no_data, config=config) as served:
        await list_through(served.port, trusting(ca))


async def test_with_a_client_authority_every_client_must_show_its_certificate(
    ca: trustme.CA, files: ServerFiles, no_data: UseCases, tmp_path: Path
) -> None:
    clients = trustme.CA()
    clients.cert_pem.write_to_path(str(tmp_path / "clients.pem"))
    async with tls_service(no_data, files, tmp_path / "clients.pem") as served:
        await list_through(served.port, trusting(ca, clients.issue_cert("gateway.internal")))
        assert await refused(served.port, trusting(ca))
        assert await refused(served.port, trusting(ca, trustme.CA().issue_cert("gateway.internal")))


async def test_a_renewed_certificate_is_used_without_a_restart(
    ca: trustme.CA, files: ServerFiles, no_data: UseCases, tmp_path: Path
) -> None:
    async with tls_service(no_data, files) as served:
        await list_through(served.port, trusting(ca))
        new_ca, folder = trustme.CA(), tmp_path / "new"
        folder.mkdir()
        renewed = issue(new_ca, folder)
        renewed.key.rename(files.key)
        renewed.chain.rename(files.chain)
        await list_through(served.port, trusting(new_ca))
        assert await refused(served.port, trusting(ca))


async def test_a_renewal_gone_wrong_leaves_the_old_certificate(
    ca: trustme.CA, files: ServerFiles, no_data: UseCases
) -> None:
    async with tls_service(no_data, files) as served:
        key = files.key.read_bytes()
        files.key.unlink()
        await list_through(served.port, trusting(ca))
        files.key.write_text("CANARY: no key at all")
        await list_through(served.port, trusting(ca))
        files.key.write_bytes(key)
        await list_through(served.port, trusting(ca))


@pytest.mark.parametrize("missing", ["chain", "key"])
async def test_a_missing_file_stops_the_start(missing: str, files: ServerFiles, no_data: UseCases) -> None:
    getattr(files, missing).unlink()
    with pytest.raises(ConfigError, match=getattr(files, missing).name):
        async with tls_service(no_data, files):
            pass


async def test_files_that_do_not_fit_stop_the_start(files: ServerFiles, no_data: UseCases) -> None:
    files.key.write_text("CANARY: no key at all")
    with pytest.raises(ConfigError, match="TLS") as caught:
        async with tls_service(no_data, files):
            pass
    assert "CANARY" not in str(caught.value)
