"""Who gets into the queue, and who comes back later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailbox_svc.model.schedule import Claim, DueSync
from mailbox_svc.sync.admission import admit
from mailbox_svc.sync.limits import SyncLimits

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = SyncLimits(per_host=2, of_hosts={"small.example": 1, "gmail": 3})
DUE = DueSync("ann", "m", "a.example", "account", in_flight=False, account_busy=False)


def due(*hosts: str) -> list[DueSync]:
    return [
        replace(DUE, mailbox_id=f"m{number}", host=host, account=f"account {number}")
        for number, host in enumerate(hosts)
    ]


def admitted(claims: list[Claim]) -> list[str]:
    return [claim.due.mailbox_id for claim in claims if claim.admitted]


def test_of_each_host_as_many_are_admitted_as_it_may_have_oldest_first() -> None:
    claims = admit(
        due("a.example", "a.example", "a.example", "b.example", "small.example", "small.example"),
        {},
        LIMITS,
        NOW,
    )
    assert admitted(claims) == ["m0", "m1", "m3", "m4"]
    assert len(claims) == 6


def test_what_is_in_flight_counts() -> None:
    assert admitted(admit(due("a.example", "a.example"), {"a.example": 1}, LIMITS, NOW)) == ["m0"]
    assert admitted(admit(due("a.example"), {"a.example": 2}, LIMITS, NOW)) == []


def test_a_known_provider_bears_more_unless_the_operator_says_otherwise() -> None:
    assert LIMITS.of_host("fastmail") == 40
    assert LIMITS.of_host("gmail") == 3
    assert LIMITS.of_host("imap.example.org") == 2


def test_a_run_that_may_have_been_lost_has_its_place_already() -> None:
    lost = replace(DUE, in_flight=True)
    (claim,) = admit([lost], {"a.example": 2}, LIMITS, NOW)
    assert claim.admitted


def test_one_account_is_read_by_one_at_a_time_whoever_saved_it() -> None:
    twice = [DUE, replace(DUE, user_id="bob", mailbox_id="other")]
    assert admitted(admit(twice, {}, LIMITS, NOW)) == ["m"]
    assert admitted(admit([replace(DUE, account_busy=True)], {}, LIMITS, NOW)) == []


def test_who_finds_no_room_comes_back_in_seconds_and_not_all_at_once() -> None:
    limits = SyncLimits(per_host=50)
    claims = admit(due(*["a.example"] * 50), {"a.example": 50}, limits, NOW)
    pauses = {claim.next_at(queued=False) - NOW for claim in claims}
    assert len(pauses) > 40
    assert min(pauses) >= timedelta(seconds=5)
    assert max(pauses) <= timedelta(seconds=20)


def test_a_claim_is_looked_for_when_it_should_have_ended_and_soon_when_it_was_not_queued() -> None:
    (claim,) = admit([DUE], {}, LIMITS, NOW)
    assert claim.next_at(queued=True) == NOW + timedelta(seconds=120)
    assert claim.next_at(queued=False) <= NOW + timedelta(seconds=20)
    (running,) = admit([replace(DUE, in_flight=True)], {}, LIMITS, NOW)
    assert running.next_at(queued=False) == NOW + timedelta(seconds=120)
