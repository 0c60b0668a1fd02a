"""A throw-away pgbouncer on loopback, in transaction mode."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.postgres import APP, PostgresServer
from support.processes import free_port, listening, needs, new_folder, running


@contextmanager
def running_pgbouncer(server: PostgresServer, database: str, *, connections: int) -> Iterator[str]:
    """Run one that has so many connections to this server; yield the URL of the service's role."""
    folder, port = new_folder("pgbouncer"), free_port()
    users = folder / "users"
    users.write_text(f'"{APP}" ""\n')
    settings = folder / "settings"
    settings.write_text(
        "\n".join(
            (
                "[databases]",
                f"* = host=127.0.0.1 port={server.port}",
                "[pgbouncer]",
                "listen_addr = 127.0.0.1",
                f"listen_port = {port}",
                "unix_socket_dir =",
                "auth_type = trust",
                f"auth_file = {users}",
                "pool_mode = transaction",
                f"default_pool_size = {connections}",
                "user = postgres" if os.getuid() == 0 else "",  # it does not run as root
            )
        )
    )
    program = needs(Path("/usr/sbin/pgbouncer"))
    with running([program, settings], log=folder / "log", ready=listening(port)):
        yield f"postgresql://{APP}@127.0.0.1:{port}/{database}"
