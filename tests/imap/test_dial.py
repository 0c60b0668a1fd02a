"""Real sockets: what must not be dialled has a listener that counts, and it counts zero."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from mailbox_svc.imap.dial import EgressPolicy, dial
from mailbox_svc.imap.failure import ConnectionFailed, Stages
from mailbox_svc.imap.resolve import HostResolver
from mailbox_svc.model.check import Code, Stage
from support.dns_server import Zone, serving
from support.rpc import eventually

# In these tests 127.0.0.2 is the outside world and 127.0.0.1 is the inside.
OUTSIDE = ip_network("127.0.0.2/32")


class Listener:
    """Counts who knocks at 127.0.0.1 and 127.0.0.2."""

    def __init__(self) -> None:
        self.knocks: list[str] = []
        self.port = 0

    def accept(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.knocks.append(writer.get_extra_info("sockname")[0])
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    inside = await asyncio.start_server(listener.accept, "127.0.0.1", 0)
    listener.port = inside.sockets[0].getsockname()[1]
    outside = await asyncio.start_server(listener.accept, "127.0.0.2", listener.port)
    try:
        yield listener
    finally:
        inside.close()
        outside.close()


@contextmanager
def black_hole() -> Iterator[int]:
    """A port of 127.0.0.2 that answers no more: its queue is full, so the kernel drops what comes."""
    with socket.socket() as listener, socket.socket() as queued:
        listener.bind(("127.0.0.2", 0))
        listener.listen(0)
        queued.connect(listener.getsockname())
        yield listener.getsockname()[1]


async def outcome(zone: Zone, host: str, port: int, policy: EgressPolicy, *, patience: float = 1.0) -> Code:
    """Dial once; OK when it connected."""
    async with serving(zone) as dns:
        resolver = HostResolver(["127.0.0.1"], port=dns.port)
        try:
            line = await dial(
                host, port, policy=policy, resolver=resolver, stages=Stages(), patience=patience
            )
        except ConnectionFailed as failure:
            return failure.code
        line.sock.close()
        return Code.OK


async def settled(listener: Listener) -> list[str]:
    """The knocks, once any that is under way has arrived."""
    await asyncio.sleep(0.05)
    return listener.knocks


async def test_the_line_is_an_open_socket_to_the_vetted_address() -> None:
    zone = Zone({"imap.example.org": ["127.0.0.2"]})
    async with listening() as listener, serving(zone) as dns:
        stages = Stages()
        line = await dial(
            "IMAP.example.org.",
            listener.port,
            policy=EgressPolicy((OUTSIDE,), frozenset({listener.port})),
            resolver=HostResolver(["127.0.0.1"], port=dns.port),
            stages=stages,
        )
        with line.sock as sock:
            assert line.name == "imap.example.org"
            assert sock.getpeername() == ("127.0.0.2", listener.port)
            assert not sock.getblocking()
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert [(check.stage, check.ok) for check in stages.checks] == [
            (Stage.RESOLVE, True),
            (Stage.CONNECT, True),
        ]
        assert await settled(listener) == ["127.0.0.2"]


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["127.0.0.2", "127.0.0.1"],
        ["127.0.0.1", "127.0.0.2"],
        ["127.0.0.2", "::1"],
        ["127.0.0.2", "::ffff:127.0.0.1"],
        ["127.0.0.2", "64:ff9b::7f00:1"],
        ["127.0.0.2", "64:ff9b:1::7f00:1"],
        ["127.0.0.2", "2002:7f00:1::"],
        ["127.0.0.2", "::127.0.0.1"],
        ["127.0.0.2", "0.0.0.0"],
        ["127.0.0.2", "::"],
        ["127.0.0.2", "169.254.169.254"],
        ["127.0.0.2", "fd00:ec2::254"],
        ["127.0.0.2", "168.63.129.16"],
        ["127.0.0.2", "10.0.0.1"],
        ["127.0.0.2", "224.0.0.1"],
        # Far down a list that is much longer than what is ever dialled.
        ["127.0.0.2", *(f"8.8.{n}.8" for n in range(98)), "127.0.0.1"],
    ],
    ids=lambda answers: answers[-1] + f" of {len(answers)}",
)
async def test_one_answer_inside_is_enough_for_nobody_to_be_dialled(answers: list[str]) -> None:
    async with listening() as listener:
        policy = EgressPolicy((OUTSIDE,), frozenset({listener.port}))
        code = await outcome(Zone({"evil.example": answers}), "evil.example", listener.port, policy)
        assert code is Code.DESTINATION_NOT_ALLOWED
        assert await settled(listener) == []


async def test_an_alias_to_the_inside_is_not_dialled() -> None:
    zone = Zone({"evil.example": "alias db.internal", "db.internal": ["127.0.0.1"]})
    async with listening() as listener:
        policy = EgressPolicy((OUTSIDE,), frozenset({listener.port}))
        assert await outcome(zone, "evil.example", listener.port, policy) is Code.DESTINATION_NOT_ALLOWED
        assert await settled(listener) == []


async def test_a_name_in_the_hosts_file_is_vetted_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("127.0.0.1 metadata\n")
    async with listening() as listener:
        policy = EgressPolicy((OUTSIDE,), frozenset({listener.port}))
        resolver = HostResolver(["127.0.0.1"], hosts_file=tmp_path / "hosts")
        with pytest.raises(ConnectionFailed) as caught:
            await dial("metadata", listener.port, policy=policy, resolver=resolver, stages=Stages())
        assert caught.value.code is Code.DESTINATION_NOT_ALLOWED
        assert await settled(listener) == []


async def test_a_name_that_changes_its_address_is_dialled_at_the_vetted_one() -> None:
    zone = Zone(turns={"rebind.example": [["127.0.0.2"], ["127.0.0.1"]]})
    async with listening() as listener:
        policy = EgressPolicy((OUTSIDE,), frozenset({listener.port}))
        assert await outcome(zone, "rebind.example", listener.port, policy) is Code.OK
        assert await outcome(zone, "rebind.example", listener.port, policy) is Code.DESTINATION_NOT_ALLOWED
        assert await settled(listener) == ["127.0.0.2"]
        # One question a family and dial: nothing was looked up between vetting and connecting.
        assert sorted(zone.asked) == ["A rebind.example."] * 2 + ["AAAA rebind.example."] * 2


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "::ffff:127.0.0.1", "localhost", "x.localhost", "0.0.0.0", "::", "[::]"]
)
async def test_an_inside_address_typed_as_the_host_is_not_dialled(host: str) -> None:
    async with listening() as listener:
        policy = EgressPolicy((OUTSIDE,), frozenset({listener.port}))
        assert await outcome(Zone(), host, listener.port, policy) is Code.DESTINATION_NOT_ALLOWED
        assert await settled(listener) == []


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "\uff11\uff12\uff17.1"])
async def test_a_disguised_number_reaches_nobody(host: str) -> None:
    async with listening() as listener:
        # Even where everything is open: these are names, and nobody has them.
        policy = EgressPolicy((ip_network("127.0.0.0/8"),), frozenset({listener.port}))
        assert await outcome(Zone(), host, listener.port, policy) is Code.DNS_FAILURE
        assert await settled(listener) == []


async def test_a_port_that_is_not_listed_is_refused_before_any_question() -> None:
    zone = Zone({"imap.example.org": ["127.0.0.2"]})
    async with listening() as listener:
        code = await outcome(zone, "imap.example.org", listener.port, EgressPolicy((OUTSIDE,)))
        assert code is Code.DESTINATION_NOT_ALLOWED
        assert zone.asked == []
        assert await settled(listener) == []


def test_the_ports_of_imap_are_open_unless_told_otherwise() -> None:
    assert EgressPolicy().ports == {993, 143}
    assert EgressPolicy().opened == ()


async def test_an_opened_network_is_dialled() -> None:
    async with listening() as listener:
        policy = EgressPolicy((ip_network("127.0.0.0/8"),), frozenset({listener.port}))
        assert await outcome(Zone(), "localhost", listener.port, policy) is Code.OK
        assert await settled(listener) == ["127.0.0.1"]


async def test_the_second_address_is_tried_when_the_first_refuses() -> None:
    zone = Zone({"two.example": ["127.0.0.3", "127.0.0.2"]})
    async with listening() as listener:
        policy = EgressPolicy((ip_network("127.0.0.2/31"),), frozenset({listener.port}))
        assert await outcome(zone, "two.example", listener.port, policy) is Code.OK


async def test_the_next_address_is_tried_when_one_is_silent() -> None:
    with black_hole() as port:
        second = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.3", port)
        policy = EgressPolicy((ip_network("127.0.0.2/31"),), frozenset({port}))
        zone = Zone({"two.example": ["127.0.0.2", "127.0.0.3"]})
        assert await outcome(zone, "two.example", port, policy) is Code.OK
        second.close()


async def test_a_refused_connection_is_connect_failed() -> None:
    async with listening() as listener:
        port = listener.port
    policy = EgressPolicy((OUTSIDE,), frozenset({port}))
    zone = Zone({"imap.example.org": ["127.0.0.2"]})
    assert await outcome(zone, "imap.example.org", port, policy) is Code.CONNECT_FAILED


async def test_silence_is_connect_timeout_within_the_patience() -> None:
    with black_hole() as port:
        policy = EgressPolicy((ip_network("127.0.0.2/32"),), frozenset({port}))
        zone = Zone({"mute.example": ["127.0.0.2"]})
        started = time.monotonic()
        assert await outcome(zone, "mute.example", port, policy, patience=3) is Code.CONNECT_TIMEOUT
        assert 0.9 < time.monotonic() - started < 2.9  # one address has a third


async def test_no_more_than_eight_addresses_are_tried() -> None:
    async with listening() as listener:
        policy = EgressPolicy((ip_network("127.0.0.0/8"),), frozenset({listener.port}))
        # Nobody listens at the first eight.
        zone = Zone({"many.example": [*(f"127.0.1.{n}" for n in range(8)), "127.0.0.2"]})
        assert await outcome(zone, "many.example", listener.port, policy) is Code.CONNECT_FAILED
        assert await settled(listener) == []


async def test_a_cancelled_dial_leaves_no_socket_and_no_task() -> None:
    with black_hole() as port:
        zone = Zone({"mute.example": ["127.0.0.2"]})
        policy = EgressPolicy((OUTSIDE,), frozenset({port}))
        async with serving(zone) as dns:
            resolver = HostResolver(["127.0.0.1"], port=dns.port)
            task = asyncio.create_task(
                dial("mute.example", port, policy=policy, resolver=resolver, stages=Stages())
            )
            await eventually(lambda: open_sockets(port) == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert open_sockets(port) == 0
            assert asyncio.all_tasks() == {asyncio.current_task()}


def open_sockets(port: int) -> int:
    """Count the sockets on their way to the port (SYN_SENT)."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[2:4] == [f"0200007F:{port:04X}", "02"] for line in lines)
