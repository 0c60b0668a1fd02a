"""What one connection test costs this side in CPU time, against a local Dovecot over TLS.

Held against a loop that does nothing but TLS, LOGIN and LOGOUT: no client can be cheaper than that.
"""

from __future__ import annotations

import argparse
from typing import Any

import trustme

from mailboxes.v1 import mailbox_service_pb2 as pb
from parts import Row, ask_script, median, running_service
from report import show
from support.dovecot import DovecotServer, running_dovecot

USER = "alice@example.test"
PASSWORD = "CANARY-bench-login"
CALLERS = 4
#: Seconds and rounds that show that it runs.
QUICK = (0.1, 1)


def measure(seconds: float, rounds: int) -> list[Row]:
    """Measure for `seconds` a round and part."""
    costs: dict[str, list[float]] = {"bare": [], "tester": [], "service": []}
    with running_dovecot({USER: PASSWORD}, trustme.CA()) as dovecot:
        settings = {
            "MAILBOX_EGRESS_ALLOW": "127.0.0.0/8",
            "MAILBOX_EGRESS_PORTS": str(dovecot.tls_port),
            "MAILBOX_TLS_CA_FILE": str(dovecot.ca_file),
        }
        with running_service(**settings) as service:
            call = _call(service.token("user-1"), dovecot)
            load = {"address": service.address, "pid": service.pid, "calls": [call], "callers": CALLERS}
            for _ in range(rounds):
                for how in ("bare", "tester"):
                    answer = ask_script("logins.py", _login(dovecot, how, seconds))
                    costs[how].append(answer["cpu_per_login"])
                answer = ask_script("load.py", {**load, "seconds": seconds, "warm_up": seconds / 4})
                assert answer["errors"] == 0, f"{answer['errors']} tests failed"
                assert pb.TestResponse.FromString(bytes.fromhex(answer["last"])).ok
                costs["service"].append(answer["cpu_per_call"])
    bare = median(costs["bare"])
    return [
        Row(
            what,
            f"{median(costs[key]) * 1e3:.2f} ms CPU",
            f"bare TLS, LOGIN, LOGOUT: {bare * 1e3:.2f} ms",
            median(costs[key]) / bare,
            "lower is better; " + note,
        )
        for key, what, note in (
            ("tester", "one connection test", "adds address policy, CAPABILITY, ID, LIST, report"),
            ("service", f"one Test call, {CALLERS} callers", "adds gRPC, token, rate limits"),
        )
    ]


def _login(dovecot: DovecotServer, how: str, seconds: float) -> dict[str, Any]:
    return {
        "how": how,
        "host": dovecot.host,
        "port": dovecot.tls_port,
        "ca_file": str(dovecot.ca_file),
        "user": USER,
        "password": PASSWORD,
        "seconds": seconds,
    }


def _call(token: str, dovecot: DovecotServer) -> list[Any]:
    draft = pb.SaveRequest(
        label="Alice", host=dovecot.host, port=dovecot.tls_port, tls=True, user=USER, password=PASSWORD
    )
    metadata = [["authorization", f"Bearer {token}"]]
    return ["Test", pb.TestRequest(draft=draft).SerializeToString().hex(), metadata]


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=3.0, help="of each round and part")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--quick", action="store_true", help="one short round: does it run at all?")
    given = arguments.parse_args()
    show(measure(*QUICK) if given.quick else measure(given.seconds, given.rounds))
