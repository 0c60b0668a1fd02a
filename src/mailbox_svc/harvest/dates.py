"""The Date header as Unix seconds, quickly: its three parts repeat, so each is looked up, not parsed."""

from __future__ import annotations

from email.utils import mktime_tz, parsedate_tz

#: Before e-mail had a Date as we know it (1 January 1971), and what 32 bits hold.
_EARLIEST, _LATEST = 31_536_000, 2**32 - 1
_MOST = 4096


class Dates:
    """Reads Date headers. One for a run: it remembers what it has read."""

    def __init__(self, *, latest: int = _LATEST) -> None:
        """Take dates after `latest` (Unix seconds) for the mistakes they are."""
        self._latest = latest
        #: `Mon, 23 Nov 2026 ` → Unix seconds of its midnight in UTC; None when that is no day.
        self._days: dict[bytes, int | None] = {}
        self._minutes = {b"%02d:%02d" % (h, m): h * 3600 + m * 60 for h in range(24) for m in range(60)}
        #: ` +0100` or ` +0100 (CET)` → seconds east of UTC; None when that is no zone.
        self._zones: dict[bytes, int | None] = {}

    def seconds(self, value: bytes) -> int:
        """Return the time of a Date header's body (RFC 5322 §3.3, §4.3), 0 when there is none to be had."""
        colon = value.find(b":")
        minutes = self._minutes.get(value[colon - 2 : colon + 3])
        if minutes is not None and value[colon + 3 : colon + 4] == b":":
            day, zone = value[: colon - 2], value[colon + 6 :]
            midnight = self._days[day] if day in self._days else self._new_day(day)
            east = self._zones[zone] if zone in self._zones else self._new_zone(zone)
            second = value[colon + 4 : colon + 6]
            if midnight is not None and east is not None and second.isdigit():
                return self._usable(midnight + minutes + int(second) - east)
        return self._usable(_parsed(value) or 0)

    def _usable(self, moment: int) -> int:
        return moment if _EARLIEST <= moment <= self._latest else 0

    def _new_day(self, day: bytes) -> int | None:
        if len(self._days) >= _MOST:
            self._days.clear()
        midnight = self._days[day] = _parsed(day + b"00:00:00 +0000")
        return midnight

    def _new_zone(self, zone: bytes) -> int | None:
        if len(self._zones) >= _MOST:
            self._zones.clear()
        moment = _parsed(b"1 Jan 2000 00:00:00" + zone)
        east = self._zones[zone] = None if moment is None else _MILLENNIUM - moment
        return east


def _parsed(value: bytes) -> int | None:
    try:
        parts = parsedate_tz(value[:200].decode("latin-1"))
        if parts is None or not (0 < parts[2] <= 31 and parts[3] < 24 and parts[4] < 60 and parts[5] <= 60):
            return None
        return int(mktime_tz(parts))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None  # what the standard library lets slip for odd dates


_MILLENNIUM = 946_684_800
