"""`mailbox-svc` with one thing changed that no setting of it changes, for measuring alone.

usage: python -m harvest.variant plain COMMAND…           talk to IMAP servers in clear text
       python -m harvest.variant profile FILE COMMAND…    write a profile of the main thread at the end
"""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import socket
import ssl
import sys

from mailbox_svc import app, cli  # noqa: F401  (imported here, they are no part of a profile)
from mailbox_svc.imap.failure import Stages
from mailbox_svc.imap.session import Session
from mailbox_svc.imap.wire import Wire


async def _open_plain(
    self: Session,
    sock: socket.socket,
    host: str,  # noqa: ARG001  (as `Session._open_tls`)
    context: ssl.SSLContext,  # noqa: ARG001
    stages: Stages,  # noqa: ARG001
) -> None:
    await asyncio.get_running_loop().create_connection(lambda: self.wire, sock=sock)
    await self.wire.greeting()
    self.capabilities = await self._ask_capabilities()


def _talk_plain() -> None:
    """Leave out TLS, and the guard that would then keep the password back.

    The service has no such setting, and must not get one for the sake of a measurement.
    """
    Session._open_tls = _open_plain  # type: ignore[method-assign]  # noqa: SLF001
    Wire.encrypted = True  # type: ignore[assignment,method-assign]


def _main() -> None:
    match sys.argv[1:]:
        case ["plain", *command]:
            sys.argv = ["mailbox-svc", *command]
            _talk_plain()
            cli.main()
        case ["profile", file, *command]:
            sys.argv = ["mailbox-svc", *command]
            profile = cProfile.Profile()
            try:
                profile.runcall(cli.main)
            finally:
                with open(file, "w", encoding="utf-8") as out:  # noqa: PTH123
                    pstats.Stats(profile, stream=out).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    _main()
