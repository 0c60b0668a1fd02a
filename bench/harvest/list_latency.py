"""How long List takes a caller, now and then, until told to stop: is the service responsive?

Reads {"address", "metadata"} from standard input, and goes on until a further line arrives there. Prints
{"calls", "median", "p99", "slowest"}, the last three in seconds.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from typing import Any

import grpc

_METHOD = "/mailboxes.v1.MailboxService/List"
_CALLERS = 4
#: Seconds between two calls of a caller: they are to notice a load, and not to be one.
_PAUSE = 0.01


async def _measure(question: dict[str, Any]) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    told_to_stop = loop.run_in_executor(None, sys.stdin.readline)
    took: list[float] = []

    async def caller(call: Any) -> None:
        while not told_to_stop.done():
            began = time.perf_counter()
            await call(b"", metadata=question["metadata"], timeout=60)
            took.append(time.perf_counter() - began)
            await asyncio.sleep(_PAUSE)

    async with grpc.aio.insecure_channel(question["address"]) as channel:
        await channel.channel_ready()
        call: Any = channel.unary_unary(_METHOD)
        await call(b"", metadata=question["metadata"], timeout=60)
        print("ready", flush=True)
        async with asyncio.TaskGroup() as group:
            for _ in range(_CALLERS):
                group.create_task(caller(call))
    p99 = statistics.quantiles(took, n=100)[98]
    return {"calls": len(took), "median": statistics.median(took), "p99": p99, "slowest": max(took)}


if __name__ == "__main__":
    asked = json.loads(sys.stdin.readline())
    asked["metadata"] = tuple(map(tuple, asked["metadata"]))
    print(json.dumps(asyncio.run(_measure(asked))))
