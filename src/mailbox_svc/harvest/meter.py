"""How far a harvest has come, and how fast it goes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from mailbox_svc.model.harvest import Progress

#: Seconds over which the rate is taken.
_WINDOW = 5.0
#: Seconds between two looks that are remembered.
_STEP = 0.25


class Meter:
    """Counts the messages of one run; cheap enough for each of them."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._began = monotonic()
        self._looks: deque[tuple[float, int]] = deque([(self._began, 0)])
        self.folder = ""
        self.folders_done = 0
        self.folders_total = 0
        self.scanned = 0
        #: Those of them that are stored.
        self.committed = 0
        self.duplicates = 0
        self.contacts = 0
        #: Messages that are still to be read, as far as is known.
        self.remaining = 0

    def progress(self, *, ended: bool = False) -> Progress:
        """Return where it is now. The rate is that of the last seconds, or of the whole once it has ended."""
        return Progress(
            folder="" if ended else self.folder,
            folders_done=self.folders_done,
            folders_total=self.folders_total,
            scanned=self.scanned,
            total=self.scanned if ended and not self.remaining else self.scanned + self.remaining,
            duplicates=self.duplicates,
            contacts=self.contacts,
            rate=self._rate(whole=ended),
        )

    def _rate(self, *, whole: bool) -> float:
        now = self._monotonic()
        if now - self._looks[-1][0] >= _STEP:
            self._looks.append((now, self.scanned))
            while self._looks[0][0] < now - _WINDOW and len(self._looks) > 1:
                self._looks.popleft()
        then, scanned = (self._began, 0) if whole else self._looks[0]
        return round((self.scanned - scanned) / (now - then), 1) if now > then else 0.0
