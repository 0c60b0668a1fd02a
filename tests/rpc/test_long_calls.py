"""Imports and exports: how long they may take, how many there may be, and in what pieces a file comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

import grpc
import pytest

from mailbox_svc.contacts.drafts import ExportForm, FilterWish, ImportOrder
from mailbox_svc.contacts.service import Contacts
from mailbox_svc.model.contact import ImportResult
from mailbox_svc.rpc.limits import Limits
from mailbox_svc.rpc.server import RpcConfig, UseCases
from mailboxes.v1 import contact_service_pb2 as pb
from mailboxes.v1 import mailbox_service_pb2
from mailboxes.v1.contact_service_pb2_grpc import ContactServiceStub
from support.rpc import ANN, SERVICE, Served, bearing, eventually, failure_of, serving, without_data

KIB = 1024


class Scripted(Contacts):
    """Takes some seconds for an import, and exports these pieces, over and over if asked to."""

    def __init__(
        self, seconds: float = 0, pieces: Sequence[bytes] = (b"line\n",), *, for_ever: bool = False
    ) -> None:
        self._seconds = seconds
        self._pieces = pieces
        self._for_ever = for_ever
        self.exports = 0

    async def import_contacts(self, user_id: str, order: ImportOrder) -> ImportResult:  # noqa: ARG002
        await asyncio.sleep(self._seconds)
        return ImportResult(None, added=1)

    async def export(
        self,
        user_id: str,  # noqa: ARG002
        wish: FilterWish,  # noqa: ARG002
        form: ExportForm,  # noqa: ARG002
    ) -> AsyncGenerator[bytes, None]:
        self.exports += 1
        try:
            await asyncio.sleep(self._seconds)
            while True:
                for piece in self._pieces:
                    yield piece
                if not self._for_ever:
                    return
        finally:
            self.exports -= 1


def over(contacts: Contacts) -> UseCases:
    return replace(without_data(), contacts=contacts)


def limited(**limits: Any) -> RpcConfig:
    return RpcConfig("127.0.0.1:0", limits=Limits(**limits))


def export(served: Served, user: str = "ann") -> Any:
    stub: Any = ContactServiceStub(served.channel)
    request = pb.ExportContactsRequest(format=pb.EXPORT_FORMAT_CSV)
    return stub.ExportContacts(request, metadata=bearing(SERVICE, x_user_id=user))


async def exported(served: Served) -> list[bytes]:
    return [piece.data async for piece in export(served)]


async def imported(served: Served) -> pb.ImportContactsResponse:
    stub: Any = ContactServiceStub(served.channel)
    answer: pb.ImportContactsResponse = await stub.ImportContacts(
        pb.ImportContactsRequest(), metadata=bearing(ANN)
    )
    return answer


async def test_imports_and_exports_may_take_longer_than_other_calls() -> None:
    async with serving(over(Scripted(0.4)), config=limited(seconds=0.1)) as served:
        assert (await imported(served)).added == 1
        assert await exported(served) == [b"line\n"]


async def test_imports_and_exports_have_an_end() -> None:
    config = limited(import_seconds=0.1, export_seconds=0.1)
    async with serving(over(Scripted(60)), config=config) as served:
        for call in (imported(served), exported(served)):
            failure = await failure_of(call)
            assert (failure.code, failure.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
        assert served.slots_in_use == 0


async def test_a_user_has_so_many_exports_and_no_more() -> None:
    contacts = Scripted(pieces=[b"x" * 64 * KIB], for_ever=True)
    async with serving(over(contacts), config=limited(exports_per_user=1)) as served:
        first = export(served)
        await anext(aiter(first))
        failure = await failure_of(anext(aiter(export(served))))
        assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        bobs = export(served, "bob")
        await anext(aiter(bobs))
        await served.stub.List(mailbox_service_pb2.ListRequest(), metadata=bearing(ANN), timeout=20)
        first.cancel()
        bobs.cancel()
        await eventually(lambda: (served.slots_in_use, contacts.exports) == (0, 0))


async def test_an_export_that_is_not_read_does_not_hold_up_a_stop_for_longer_than_the_grace() -> None:
    contacts = Scripted(pieces=[b"x" * 64 * KIB], for_ever=True)
    async with serving(over(contacts)) as served:
        await anext(aiter(export(served)))
        async with asyncio.timeout(20):  # seconds; the export has no end
            await served.server.stop(0.5)
        assert (served.slots_in_use, contacts.exports) == (0, 0)


@pytest.mark.parametrize(
    ("piece", "sizes"),
    [
        (b"", []),
        (b"x" * 100, [100]),
        (b"x" * 127 * KIB + b"\n", [127 * KIB + 1]),
        ((b"x" * 1023 + b"\n") * 300, [128 * KIB, 128 * KIB, 44 * KIB]),
        (b"x" * 200 * KIB + b"\n" + b"y\n", [200 * KIB + 1, 2]),
        (b"x" * 200 * KIB, [200 * KIB]),
        (b"x" * 5 * 1024 * KIB, [3 * 1024 * KIB, 2 * 1024 * KIB]),
    ],
    ids=["empty", "small", "all but full", "many lines", "a long line", "no line at all", "an endless line"],
)
async def test_a_file_comes_in_pieces_that_end_where_lines_do(piece: bytes, sizes: list[int]) -> None:
    async with serving(over(Scripted(pieces=[piece]))) as served:
        received = await exported(served)
    assert [len(part) for part in received] == sizes
    assert b"".join(received) == piece
