"""The four RPCs of HarvestService over the real parts: SQLite, use cases, and a real mail server."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme

from mailbox_svc.contacts.service import Contacts
from mailbox_svc.model.harvest import HarvestState, Progress
from mailbox_svc.vault import Keyring
from mailboxes.v1 import contact_service_pb2, harvest_pb2
from mailboxes.v1 import harvest_service_pb2 as pb
from mailboxes.v1.contact_service_pb2_grpc import ContactServiceStub
from mailboxes.v1.harvest_pb2 import HarvestState as State
from mailboxes.v1.harvest_service_pb2_grpc import HarvestServiceStub
from support.dovecot import DovecotServer, running_dovecot
from support.harvest_parts import harvest_parts, now
from support.letters import USERS, fill, letters, logged_in
from support.parts import Parts, parts
from support.rpc import ANN, BOB, Served, bearing, failure_of, serving, without_data
from support.stores import add, mailbox_of


@dataclass(frozen=True, slots=True)
class Service:
    """A running service with a mailbox of ann's, whose harvests wait until somebody takes them up."""

    real: Parts
    served: Served
    mailbox_id: str

    async def call(self, method: str, request: Any, token: str = ANN) -> harvest_pb2.Harvest:
        stub = HarvestServiceStub(self.served.channel)
        answer = await getattr(stub, method)(request, metadata=bearing(token), timeout=10)
        harvest: harvest_pb2.Harvest = answer.harvest
        return harvest

    async def start(self, **fields: Any) -> harvest_pb2.Harvest:
        return await self.call("StartHarvest", pb.StartHarvestRequest(mailbox_id=self.mailbox_id, **fields))

    def watch(self, harvest_id: str, token: str = ANN) -> Any:
        stub: Any = HarvestServiceStub(self.served.channel)
        return stub.WatchHarvest(pb.WatchHarvestRequest(id=harvest_id), metadata=bearing(token), timeout=30)

    async def watched(self, harvest_id: str) -> list[harvest_pb2.Harvest]:
        """Watch a harvest to its end."""
        return [look.harvest async for look in self.watch(harvest_id)]

    async def run_elsewhere(self, harvest_id: str, scanned: int, state: HarvestState) -> None:
        """Bring the harvest to an end as another process does that shares the database."""
        async with self.real.store.begin("ann") as tx:
            claimed = await tx.harvests.claim(harvest_id, now=now(), lease_until=now().replace(year=2100))
            assert claimed is not None
            progress = Progress(scanned=scanned, total=scanned)
            await tx.harvests.finish(replace(claimed, state=state, progress=progress, ended_at=now()))


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with parts(tmp_path) as real, serving(real.use_cases) as served:
        mailbox = await add(real.store, mailbox_of("ann"))
        yield Service(real, served, mailbox.id)


async def test_a_harvest_is_started_once_for_all_who_ask(service: Service) -> None:
    first, *others = await asyncio.gather(*(service.start() for _ in range(5)))
    assert {one.id for one in others} == {first.id}
    assert (first.state, first.mailbox_id) == (State.HARVEST_STATE_QUEUED, service.mailbox_id)
    assert first.policy == harvest_pb2.CONTACT_POLICY_CORRESPONDED
    assert not first.HasField("started_at")


async def test_a_policy_is_kept_for_the_mailbox(service: Service) -> None:
    first = await service.start(policy=harvest_pb2.CONTACT_POLICY_EVERYONE)
    await service.call("CancelHarvest", pb.CancelHarvestRequest(id=first.id))
    again = await service.start()
    assert again.id != first.id
    assert again.policy == harvest_pb2.CONTACT_POLICY_EVERYONE


async def test_a_harvest_is_had_by_its_id_or_as_the_latest_of_its_mailbox(service: Service) -> None:
    harvest = await service.start()
    assert await service.call("GetHarvest", pb.GetHarvestRequest(id=harvest.id)) == harvest
    assert await service.call("GetHarvest", pb.GetHarvestRequest(mailbox_id=service.mailbox_id)) == harvest


async def test_a_mailbox_without_a_harvest_has_no_latest(service: Service) -> None:
    request = pb.GetHarvestRequest(mailbox_id=service.mailbox_id)
    failure = await failure_of(service.call("GetHarvest", request))
    assert (failure.code, failure.reason) == (grpc.StatusCode.NOT_FOUND, "HARVEST_NOT_FOUND")


async def test_several_watch_one_harvest_to_its_end(service: Service) -> None:
    harvest = await service.start()
    watchers = [aiter(service.watch(harvest.id)) for _ in range(3)]
    for watcher in watchers:
        assert (await anext(watcher)).harvest == harvest
    await service.run_elsewhere(harvest.id, 7, HarvestState.DONE)
    for watcher in watchers:
        looks = [look.harvest async for look in watcher]
        assert looks[-1].state == State.HARVEST_STATE_DONE
        assert looks[-1].progress.scanned == 7
    [final] = await service.watched(harvest.id)  # one who comes later
    assert final.state == State.HARVEST_STATE_DONE


async def test_a_watcher_that_leaves_stops_nothing(service: Service) -> None:
    harvest = await service.start()
    stream = service.watch(harvest.id)
    await anext(aiter(stream))
    stream.cancel()
    await asyncio.sleep(0.1)
    found = await service.call("GetHarvest", pb.GetHarvestRequest(id=harvest.id))
    assert found.state == State.HARVEST_STATE_QUEUED


async def test_a_cancelled_harvest_ends_its_watches(service: Service) -> None:
    harvest = await service.start()
    watching = asyncio.ensure_future(service.watched(harvest.id))
    await asyncio.sleep(0.1)
    cancelled = await service.call("CancelHarvest", pb.CancelHarvestRequest(id=harvest.id))
    assert cancelled.state == State.HARVEST_STATE_CANCELLED
    async with asyncio.timeout(30):
        assert (await watching)[-1] == cancelled
    again = await service.call("CancelHarvest", pb.CancelHarvestRequest(id=harvest.id))
    assert again == cancelled


async def test_a_harvest_whose_mailbox_is_deleted_is_not_found_by_its_watchers(service: Service) -> None:
    harvest = await service.start()
    stream = service.watch(harvest.id)
    looks = aiter(stream)
    await anext(looks)
    await service.real.mailboxes.delete("ann", service.mailbox_id)
    failure = await failure_of(anext(looks))
    assert (failure.code, failure.reason) == (grpc.StatusCode.NOT_FOUND, "HARVEST_NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("StartHarvest", pb.StartHarvestRequest(), "mailbox_id"),
        ("StartHarvest", pb.StartHarvestRequest(mailbox_id="m", policy=99), "policy"),  # type: ignore[arg-type]
        ("GetHarvest", pb.GetHarvestRequest(), "target"),
        ("GetHarvest", pb.GetHarvestRequest(id=""), "id"),
        ("GetHarvest", pb.GetHarvestRequest(mailbox_id=""), "mailbox_id"),
        ("CancelHarvest", pb.CancelHarvestRequest(), "id"),
    ],
)
async def test_what_is_wrong_in_a_request_is_named(
    service: Service, method: str, request_: Any, field: str
) -> None:
    failure = await failure_of(service.call(method, request_))
    assert (failure.code, set(failure.violations)) == (grpc.StatusCode.INVALID_ARGUMENT, {field})


async def test_a_watch_needs_an_id(service: Service) -> None:
    failure = await failure_of(service.watched(""))
    assert (failure.code, set(failure.violations)) == (grpc.StatusCode.INVALID_ARGUMENT, {"id"})


@pytest.fixture(scope="module")
def dovecot() -> Iterator[DovecotServer]:
    with running_dovecot(USERS, trustme.CA()) as server:
        with logged_in(server) as client:
            fill(client, letters())
        yield server


@asynccontextmanager
async def over_dovecot(
    folder: Path, server: DovecotServer, **wishes: Any
) -> AsyncIterator[tuple[Served, str]]:
    """Serve harvests of a mailbox on this server; yield the service and the mailbox's id."""
    async with AsyncExitStack() as stack:
        real = await stack.enter_async_context(
            harvest_parts(folder / "x.db", Keyring.generate(), server.tls_port, server.ca_file, **wishes)
        )
        use_cases = replace(without_data(), harvests=real.harvests, contacts=Contacts(real.store, clock=now))
        served = await stack.enter_async_context(serving(use_cases))
        yield served, real.mailbox_id


async def test_a_mailbox_is_harvested_while_two_watch(tmp_path: Path, dovecot: DovecotServer) -> None:
    async with over_dovecot(tmp_path, dovecot) as (served, mailbox_id):
        stub: Any = HarvestServiceStub(served.channel)
        start = pb.StartHarvestRequest(mailbox_id=mailbox_id)
        harvest = (await stub.StartHarvest(start, metadata=bearing(ANN))).harvest

        async def watch() -> list[harvest_pb2.Harvest]:
            request = pb.WatchHarvestRequest(id=harvest.id)
            return [look.harvest async for look in stub.WatchHarvest(request, metadata=bearing(ANN))]

        async with asyncio.timeout(30):
            first, second = await asyncio.gather(watch(), watch())
        final = first[-1]
        assert final == second[-1]
        assert final.state == State.HARVEST_STATE_DONE
        assert final.progress.scanned == final.progress.total > 200
        assert final.progress.duplicates == 20
        assert final.progress.rate > 0
        assert final.HasField("started_at")
        assert final.HasField("ended_at")
        contacts: Any = ContactServiceStub(served.channel)
        request = contact_service_pb2.ListContactsRequest(page_size=1000)
        page = await contacts.ListContacts(request, metadata=bearing(ANN))
        assert page.total_size == len(page.contacts) > 20
        assert page.contacts[0].rank > 0
        again = (await stub.StartHarvest(start, metadata=bearing(ANN))).harvest
        assert again.id != harvest.id


async def test_a_login_that_fails_is_the_state_of_the_harvest(tmp_path: Path, dovecot: DovecotServer) -> None:
    async with over_dovecot(tmp_path, dovecot, password="CANARY-wrong") as (served, mailbox_id):
        stub: Any = HarvestServiceStub(served.channel)
        start = pb.StartHarvestRequest(mailbox_id=mailbox_id)
        harvest = (await stub.StartHarvest(start, metadata=bearing(ANN))).harvest
        request = pb.WatchHarvestRequest(id=harvest.id)
        async with asyncio.timeout(30):
            looks = [look.harvest async for look in stub.WatchHarvest(request, metadata=bearing(ANN))]
        assert looks[-1].state == State.HARVEST_STATE_FAILED
        failure = looks[-1].failure
        assert failure.code == harvest_pb2.HARVEST_FAILURE_CODE_CONNECTION
        assert failure.error
        assert failure.remedy.text
        assert "CANARY" not in str(failure)


async def test_anothers_harvest_is_not_found_in_the_same_words_as_none_at_all(service: Service) -> None:
    """Every RPC of bob with an id of ann's, against an id that nobody has."""
    harvest = await service.start()

    async def answers(harvest_id: str, mailbox_id: str) -> list[tuple[grpc.StatusCode, str, str]]:
        attempts = [
            service.call("GetHarvest", pb.GetHarvestRequest(id=harvest_id), BOB),
            anext(aiter(service.watch(harvest_id, BOB))),
            service.call("CancelHarvest", pb.CancelHarvestRequest(id=harvest_id), BOB),
            service.call("GetHarvest", pb.GetHarvestRequest(mailbox_id=mailbox_id), BOB),
            service.call("StartHarvest", pb.StartHarvestRequest(mailbox_id=mailbox_id), BOB),
        ]
        failures = [await failure_of(attempt) for attempt in attempts]
        return [(failure.code, failure.reason, failure.message) for failure in failures]

    anns = await answers(harvest.id, service.mailbox_id)
    assert anns == await answers(str(uuid.uuid4()), str(uuid.uuid4()))
    assert [code for code, _, _ in anns] == [grpc.StatusCode.NOT_FOUND] * 5
    assert [reason for _, reason, _ in anns] == ["HARVEST_NOT_FOUND"] * 3 + ["MAILBOX_NOT_FOUND"] * 2
    assert await service.call("GetHarvest", pb.GetHarvestRequest(id=harvest.id)) == harvest
