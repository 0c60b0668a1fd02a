"""A TCP proxy that holds back what a server says, from a byte of one's choice, until it is let through."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Gate:
    """Stands before a server on loopback."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._hold_after: int | None = None
        self._sockets: list[socket.socket] = []
        #: Set once something is held back.
        self.holds = threading.Event()
        self._opened = threading.Event()

    def hold_next(self, after: int) -> None:
        """Hold back what the next connection gets after so many bytes; those after it are let through."""
        self._hold_after = after
        self.holds.clear()
        self._opened.clear()

    def open(self) -> None:
        """Let through what is held back, and all that comes."""
        self._opened.set()

    def serve(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                self._sockets += [client, server]
                after, self._hold_after = self._hold_after, None
                for pair in ((client, server, None), (server, client, after)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, hold_after: int | None) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(1024):
                if hold_after is not None and passed >= hold_after:
                    self.holds.set()
                    self._opened.wait()
                passed += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.open()
        # Else a thread that waits in accept() keeps it alive.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for sock in (self._listener, *self._sockets):
            sock.close()


@contextmanager
def gate_before(server_port: int) -> Iterator[Gate]:
    gate = Gate(server_port)
    serving = threading.Thread(target=gate.serve)
    serving.start()
    try:
        yield gate
    finally:
        gate.close()
        serving.join()
