"""`mailbox-svc demo`: the whole job, shown on a service, a database and an IMAP server made for it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from mailbox_svc.cli.console import out
from mailbox_svc.cli.deferred import app
from mailbox_svc.cli.dev import dev_settings
from mailbox_svc.cli.harvest_view import HarvestView
from mailbox_svc.cli.tokens import mint
from mailbox_svc.logs import configure_logs


def demo() -> None:
    """Show the service at work on made-up mail; needs no account and leaves nothing behind."""
    # Only what goes wrong: the story is told on the screen.
    configure_logs(level="ERROR", json=False)
    with tempfile.TemporaryDirectory(prefix="mailbox-svc-demo-") as folder:
        asyncio.run(_demo(Path(folder)))


async def _demo(folder: Path) -> None:
    # Here, for the other commands should not wait for what only this one needs.
    from mailbox_svc.demo.server import demo_imap_server  # noqa: PLC0415
    from mailbox_svc.demo.story import tell  # noqa: PLC0415

    async with demo_imap_server(folder) as imap:
        settings = dev_settings(folder, grpc_addr="127.0.0.1:0", rest_addr=None, tls_ca_file=imap.ca_file)
        async with app.running_service(settings) as service:
            token = mint(settings, subject="demo-user", lifetime=3600, service=False)
            await tell(f"127.0.0.1:{service.port}", token, imap, out, lambda: HarvestView(out, lines=False))
