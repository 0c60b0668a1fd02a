"""The whole stack behind HTTP: gateway and service on PostgreSQL, a Dovecot full of mail, and a user."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from mailbox_svc import app
from mailbox_svc.cli.dev import dev_settings
from mailbox_svc.cli.tokens import mint
from mailbox_svc.config import Settings
from support.dns_server import Zone, serving
from support.dovecot import DovecotServer
from support.letters import OWNER, PASSWORD
from support.stores import prepared

USER = "ann"
#: What a page sends to save her mailbox, less the port.
MAILBOX = {"label": "Work", "host": "localhost", "tls": True, "user": OWNER, "password": PASSWORD}


@dataclass(frozen=True, slots=True)
class RestWorld:
    """A running gateway and service, and a client that is logged in as the user."""

    http: httpx2.AsyncClient
    url: str
    token: str
    settings: Settings
    imap_port: int

    async def save(self, **changes: Any) -> dict[str, Any]:
        """Save the mailbox at Dovecot; return it as answered."""
        body = {**MAILBOX, "port": self.imap_port, **changes}
        answer = await self.http.post("/api/contacts/mailboxes", json=body)
        assert answer.status_code == 200, answer.text
        saved: dict[str, Any] = answer.json()
        return saved

    async def harvest(self, mailbox_id: str) -> dict[str, Any]:
        """Harvest the mailbox to the end; return the harvest."""
        answer = await self.http.post(f"/api/contacts/mailboxes/{mailbox_id}/harvests")
        harvest: dict[str, Any] = answer.json()
        async with asyncio.timeout(60):
            while harvest["state"] in {"queued", "running"}:
                await asyncio.sleep(0.05)
                harvest = (await self.http.get(f"/api/contacts/harvests/{harvest['id']}")).json()
        return harvest

    async def contacts(self, **parameters: Any) -> list[dict[str, Any]]:
        """Return the contacts that match."""
        page = (await self.http.get("/api/contacts", params=parameters)).json()
        found: list[dict[str, Any]] = page["contacts"]
        return found


@asynccontextmanager
async def rest_world(folder: Path, dovecot: DovecotServer, **settings: Any) -> AsyncIterator[RestWorld]:
    """Run it all; names of hosts are looked up at a server that knows `localhost` alone."""
    zone = Zone({"localhost": ["127.0.0.1"]})
    async with prepared("postgresql", folder) as database, serving(zone) as dns:
        wanted = dev_settings(
            folder,
            database_url=database.url,
            grpc_addr="127.0.0.1:0",
            rest_addr="127.0.0.1:0",
            tls_ca_file=dovecot.ca_file,
            dns_servers="127.0.0.1",
            dns_port=dns.port,
            **settings,
        )
        token = mint(wanted, subject=USER, lifetime=3600, service=False)
        async with app.running_service(wanted) as running:
            url = f"http://127.0.0.1:{running.rest_port}"
            headers = {"authorization": f"Bearer {token}"}
            async with httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60) as http:
                yield RestWorld(http, url, token, wanted, dovecot.tls_port)
