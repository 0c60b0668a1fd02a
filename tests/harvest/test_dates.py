"""Dates as mail has them, and as it should not."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.harvest.dates import Dates

NOON = int(datetime(2026, 11, 23, 12, 30, 45, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "value",
    [
        b" Mon, 23 Nov 2026 12:30:45 +0000",
        b" Mon, 23 Nov 2026 14:30:45 +0200 (CEST)",
        b" Mon, 23 Nov 2026 04:30:45 -0800",
        b"Mon, 23 Nov 2026 12:30:45 GMT",
        b" 23 Nov 2026 12:30:45 -0000",
        b" Mon,  23  Nov 2026 12:30:45 +0000",
        b" Mon, 23 Nov 26 12:30:45 +0000",
        b" Mon Nov 23 12:30:45 2026",
        b" Mon, 23 Nov 2026 12:30:45",
    ],
)
def test_one_moment_in_many_spellings(value: bytes) -> None:
    dates = Dates()
    assert [dates.seconds(value), dates.seconds(value)] == [NOON, NOON]


def test_seconds_may_be_missing() -> None:
    assert Dates().seconds(b" Mon, 23 Nov 2026 12:30 +0000") == NOON - 45


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b" yesterday",
        b" Mon, 99 Nov 2026 12:30:45 +0000",
        b" Mon, 23 Foo 2026 12:30:45 +0000",
        b" Mon, 23 Nov 2026 25:30:45 +0000",
        b" Mon, 23 Nov 2026 12:30:xx +0000",
        b" Thu, 01 Jan 1970 00:00:00 +0000",
        b" Mon, 23 Nov 9999 12:30:45 +0000",
        b"\x00\xff:::::",
        b" Mon, 23 Nov 99999999999999999999 12:30:45 +0000",
        b":30:45",
        b" 12:30:45 +0000",
    ],
)
def test_what_is_no_usable_date_is_none(value: bytes) -> None:
    assert Dates().seconds(value) == 0


def test_a_date_in_the_future_is_none() -> None:
    dates = Dates(latest=NOON)
    assert dates.seconds(b" Mon, 23 Nov 2026 12:30:45 +0000") == NOON
    assert dates.seconds(b" Mon, 23 Nov 2026 12:30:46 +0000") == 0


@given(st.datetimes(datetime(1975, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_what_python_writes_is_read_back(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    offset = whole.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        return  # a zone of long ago, which no header can name
    assert Dates().seconds(format_datetime(whole).encode()) == int(whole.timestamp())


@given(st.binary(max_size=60))
def test_no_bytes_make_it_fail(value: bytes) -> None:
    assert Dates().seconds(value) >= 0


def test_what_was_read_before_does_not_matter() -> None:
    values = [b" %d Jan 2020 12:00:%02d +%04d" % (i % 31 + 1, i % 60, i % 12 * 100) for i in range(6000)]
    used = Dates()
    for value in values:
        used.seconds(value)
    assert [used.seconds(value) for value in values] == [Dates().seconds(value) for value in values]
