"""A running service, called over gRPC, whose user's mail has shown four people and robots."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailbox_svc.model.mailbox import Mailbox
from mailboxes.v1 import contact_pb2
from mailboxes.v1 import contact_service_pb2 as pb
from mailboxes.v1.contact_service_pb2_grpc import ContactServiceStub
from support.contact_world import Clock, World, friend, robot, stranger
from support.parts import parts
from support.rpc import ANN, Served, bearing, serving

JO = friend("Jo@Example.org", "Jo Smith")
KIM = friend("kim@example.org", "Kim Berg", days_ago=400)
NEWS = robot("news@example.com")
EVE = stranger("eve@example.net", "Eve")


@dataclass(frozen=True, slots=True)
class Service:
    """A running service, and what its users' mail has shown."""

    world: World
    mailbox: Mailbox
    served: Served

    async def call(self, method: str, request: Any, token: str = ANN) -> Any:
        stub = ContactServiceStub(self.served.channel)
        return await getattr(stub, method)(request, metadata=bearing(token), timeout=10)

    async def contacts(self, **fields: Any) -> list[contact_pb2.Contact]:
        return list((await self.call("ListContacts", pb.ListContactsRequest(**fields))).contacts)

    async def one(self, address: str) -> contact_pb2.Contact:
        """Return the contact with this address, kept or skipped."""
        skipped = (await self.call("ListSkipped", pb.ListSkippedRequest())).skipped
        found: list[contact_pb2.Contact] = [
            one for one in [*await self.contacts(), *skipped] if one.address == address
        ]
        assert len(found) == 1
        return found[0]

    async def group(self, name: str = "Friends") -> contact_pb2.Group:
        answer: pb.SaveGroupResponse = await self.call("SaveGroup", pb.SaveGroupRequest(name=name))
        return answer.group

    def stream(self, method: str, request: Any, token: str = ANN) -> Any:
        return getattr(ContactServiceStub(self.served.channel), method)(request, metadata=bearing(token))

    async def export(self, **fields: Any) -> list[bytes]:
        answers = self.stream("ExportContacts", pb.ExportContactsRequest(**fields))
        return [piece.data async for piece in answers]


@asynccontextmanager
async def contact_service(folder: Path) -> AsyncIterator[Service]:
    """Serve over a new SQLite file."""
    async with parts(folder) as real, serving(real.use_cases) as served:
        world = World(real.store, Clock(datetime.now(UTC)), real.contacts)
        mailbox = await world.mailbox()
        await world.see(mailbox, JO, KIM, NEWS, EVE)
        yield Service(world, mailbox, served)


def addresses(contacts: list[contact_pb2.Contact]) -> list[str]:
    return [contact.address for contact in contacts]
