"""How a connection ended, and the stopwatch of its stages. Nothing here may print server text."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from mailbox_svc.model.check import Check, Code, Stage


class ConnectionFailed(Exception):
    """A connection ended before its work was done.

    `str()` and `repr()` show the code only: server text may hold a password that the server echoed
    or a token in a URL. It is kept in `server_text` for `classify` alone.
    """

    def __init__(
        self,
        code: Code,
        *,
        server_text: bytes = b"",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code.value)
        self.code = code
        #: What the server said last (a BYE, a tagged NO), raw and capped; never logged, never returned.
        self.server_text = server_text
        #: Seconds the server asked to wait, when it did.
        self.retry_after = retry_after


class Stages:
    """Records which stages of a connection were reached and how long each took."""

    def __init__(self) -> None:
        self._checks: list[Check] = []
        self._current: Stage | None = None

    @contextmanager
    def enter(self, stage: Stage) -> Iterator[None]:
        """Time the block as this stage; an exception, cancellation included, marks it failed."""
        started = time.perf_counter()
        self._current = stage
        try:
            yield
        except BaseException:
            self._checks.append(Check(stage, ok=False, took=time.perf_counter() - started))
            raise
        self._checks.append(Check(stage, ok=True, took=time.perf_counter() - started))

    @property
    def current(self) -> Stage:
        """The stage entered last; RESOLVE before any."""
        return self._current or Stage.RESOLVE

    @property
    def checks(self) -> tuple[Check, ...]:
        return tuple(self._checks)
