"""`make bench-sync` runs, on tiny sizes. Speed is not judged here."""

import pytest

from support.benches import PACKAGES, bench_output


@pytest.mark.timeout(300)  # it starts workers a dozen times
async def test_every_part_runs_and_prints_its_figures() -> None:
    out = await bench_output("-m", "sync", "--quick", **PACKAGES)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines()]
    logins = {row[0]: row[6] for row in rows if len(row) == 11}
    assert logins == {
        "nothing new": "1.00",
        "1 % with new mail": "1.00",
        "nothing new, without TLS": "1.00",
        "nothing new, 2 workers": "1.00",
    }
    facts = dict(row for row in rows if len(row) == 2)
    assert facts["held at once by one worker, of 20"] == "20"
    # Those of workers are also the bench's own, and the planner's where tables are this small.
    assert facts["reads of the whole table"].startswith("0 by claims, ")
