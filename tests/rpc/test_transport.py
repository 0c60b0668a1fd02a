"""What is too big is refused by the transport, and the next call finds the server well."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from mailbox_svc.rpc.server import UseCases
from mailboxes.v1 import mailbox_service_pb2 as pb
from support.rpc import ANN, Served, bearing, failure_of, serving

KIB = 1024
METHOD = "/mailboxes.v1.MailboxService/List"


@asynccontextmanager
async def unharmed(use_cases: UseCases) -> AsyncIterator[Served]:
    """Serve, and see at the end that another call still works and no slot is held."""
    async with serving(use_cases) as served:
        yield served
        await served.stub.List(pb.ListRequest(), metadata=bearing(ANN), timeout=20)
        assert served.slots_in_use == 0


@pytest.mark.parametrize(("size", "code"), [(255, None), (257, grpc.StatusCode.RESOURCE_EXHAUSTED)])
async def test_a_request_may_have_256_kib(size: int, code: grpc.StatusCode | None, no_data: UseCases) -> None:
    async with unharmed(no_data) as served:
        raw: Any = served.channel.unary_unary(METHOD)
        field = pb.DeleteRequest(id="x" * size * KIB).SerializeToString()  # unknown to List, so ignored
        call = raw(field, metadata=bearing(ANN))
        if code is None:
            await call
        else:
            assert (await failure_of(call)).code is code


#: A client of its own, because the memory that is watched must be the server's alone.
BOMBER = """
import sys, grpc
options = [("grpc.max_send_message_length", -1)]
with grpc.insecure_channel(sys.argv[1], options, grpc.Compression.Gzip) as channel:
    call = channel.unary_unary(sys.argv[2])
    try:
        call(bytes(128 * 1024 * 1024), metadata=[("authorization", "Bearer " + sys.argv[3])])
    except grpc.RpcError as error:
        print(error.code().name)
"""


async def test_a_gzip_bomb_is_refused_before_it_is_blown_up(no_data: UseCases) -> None:
    # 128 MiB of zeros are 128 KiB when compressed: small enough on the wire.
    async with unharmed(no_data) as served:
        before = peak_memory(reset=True)
        client = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            BOMBER,
            f"localhost:{served.port}",
            METHOD,
            ANN,
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await client.communicate()
        assert printed.decode().strip() == "RESOURCE_EXHAUSTED"
        assert peak_memory() - before < 8 * KIB


def peak_memory(*, reset: bool = False) -> int:
    """The most KiB this process has held since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak)


@pytest.mark.parametrize(
    "entries",
    [{f"x-{number}": "y" for number in range(100_000)}, {"x-big": "y" * 17 * KIB}],
    ids=["many", "long"],
)
async def test_metadata_of_more_than_16_kib_is_refused(entries: dict[str, str], no_data: UseCases) -> None:
    async with unharmed(no_data) as served:
        metadata = (*bearing(ANN), *entries.items())
        failure = await failure_of(served.stub.List(pb.ListRequest(), metadata=metadata, timeout=20))
        assert failure.code in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE)


async def test_metadata_of_less_than_16_kib_is_taken(no_data: UseCases) -> None:
    async with unharmed(no_data) as served:
        for _ in range(20):  # between two limits grpc would refuse some, at random
            metadata = bearing(ANN, x_big="y" * 15 * KIB)
            await served.stub.List(pb.ListRequest(), metadata=metadata, timeout=20)
