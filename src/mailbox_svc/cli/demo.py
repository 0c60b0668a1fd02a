"""`mailbox-svc demo`: the whole job, shown on a service, a database and an IMAP server made for it."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path

from mailbox_svc.cli.console import out
from mailbox_svc.cli.deferred import app
from mailbox_svc.cli.dev import NO_PAGE, dev_settings
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
    from mailbox_svc.demo.story import fill, tell  # noqa: PLC0415

    async with demo_imap_server(folder) as imap:
        # The page is for somebody who looks at a screen and can end it.
        rest_addr = "127.0.0.1:0" if out.is_terminal else None
        settings = dev_settings(
            folder, grpc_addr="127.0.0.1:0", rest_addr=rest_addr, tls_ca_file=imap.ca_file
        )
        async with app.running_service(settings) as service:
            token = mint(settings, subject="demo-user", lifetime=3600, service=False)
            address = f"127.0.0.1:{service.port}"
            await tell(address, token, imap, out, lambda: HarvestView(out, lines=False))
            if page := service.page_url:
                await fill(address, token, imap)
                await _stay(f"{page}#token={token}")
            elif out.is_terminal:
                out.print(f"\n{NO_PAGE}", highlight=False)


async def _stay(page: str) -> None:
    """Say where the page is, and serve it until Ctrl-C, which is then no interruption."""
    out.print("\n[bold]The Integrations page[/], already filled:\n")
    out.print(page, markup=False, highlight=False, soft_wrap=True)
    out.print("\nCtrl-C ends the demo.")
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
