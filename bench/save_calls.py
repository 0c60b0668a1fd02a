"""`Save` calls a second with 32 callers on SQLite: the whole path, gRPC to encrypted row on disk.

Held against SQLAlchemy's plain way of writing the same two rows, one transaction each, on a bare database
without gRPC; and against a bare grpc.aio echo, which no service on it can outrun.
"""

from __future__ import annotations

import argparse
from typing import Any

from mailboxes.v1 import mailbox_service_pb2 as pb
from mailboxes.v1.mailbox_pb2 import Mailbox
from parts import Row, ask_script, median, ratio, running_script, running_service
from report import show

CALLERS = 32
#: A user holds at most 100 mailboxes. A service token saves for as many users as the run needs.
PER_USER = 90
MOST_CALLS_PER_SECOND = 6_000
#: Seconds and rounds that show that it runs.
QUICK = (0.1, 1)


def measure(seconds: float, rounds: int) -> list[Row]:
    """Measure for `seconds` a round and part."""
    speeds: dict[str, list[float]] = {"service": [], "plain": [], "echo": []}
    costs = []
    with (
        running_service() as service,
        running_script("echo_server.py", "uvloop", "Save", _answer()) as echo,
    ):
        token = service.token("bench", role="service_role")
        for number in range(rounds):
            calls = _calls(token, number, seconds)
            question = {"calls": calls, "callers": CALLERS, "seconds": seconds, "warm_up": 0.0}
            answer = ask_script("load.py", {**question, "address": service.address, "pid": service.pid})
            assert answer["errors"] == 0, f"{answer['errors']} saves failed"
            speeds["service"].append(answer["calls_per_second"])
            costs.append(answer["cpu_per_call"])
            answer = ask_script(
                "load.py", {**question, "address": echo.ready["address"], "pid": echo.process.pid}
            )
            speeds["echo"].append(answer["calls_per_second"])
            plain = ask_script("plain_saves.py", {"callers": CALLERS, "seconds": seconds})
            speeds["plain"].append(plain["saves_per_second"])
    return [
        Row(
            f"Save, {CALLERS} callers, whole path",
            f"{median(speeds['service']):,.0f} calls/s",
            f"{name}: {median(speeds[key]):,.0f}",
            ratio(speeds["service"], speeds[key]),
            note,
        )
        for key, name, note in (
            ("plain", "plain SQLAlchemy, bare database", f"server CPU {median(costs) * 1e6:.0f} µs"),
            ("echo", "bare echo on uvloop", ""),
        )
    ]


def _calls(token: str, number: int, seconds: float) -> list[Any]:
    """Return more saves than the time can hold: a call that comes round twice would be over the limit."""
    request = pb.SaveRequest(
        label="Mailbox",
        host="imap.example.org",
        port=993,
        tls=True,
        user="a@example.org",
        password="CANARY-",
    )
    users = int(MOST_CALLS_PER_SECOND * seconds / PER_USER) + 1
    metadata = [["authorization", f"Bearer {token}"]]
    return [
        ["Save", request.SerializeToString().hex(), [*metadata, ["x-user-id", f"user-{number}-{user}"]]]
        for user in range(users)
    ] * PER_USER


def _answer() -> str:
    """Return an answer as long as that of a Save."""
    mailbox = Mailbox(label="Mailbox", host="imap.example.org", port=993, user="a@example.org", etag="x" * 90)
    return pb.SaveResponse(mailbox=mailbox).SerializeToString().hex()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=3.0, help="of each round and part")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--quick", action="store_true", help="one short round: does it run at all?")
    given = arguments.parse_args()
    show(measure(*QUICK) if given.quick else measure(given.seconds, given.rounds))
