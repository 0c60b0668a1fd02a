"""`mailbox-svc demo` on a screen ends with the Integrations page, filled, and serves it until Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx2

from support.command import BIN, environment
from support.web_world import build_page

#: Seconds; far above what it takes.
_PATIENCE = 90


def _read_until(terminal: int, pattern: str) -> re.Match[str]:
    seen, end = "", time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        seen += os.read(terminal, 65536).decode(errors="replace")
        if match := re.search(pattern, seen):
            return match
    raise AssertionError(f"no {pattern!r} in: {seen}")


def test_the_demo_ends_with_a_page_that_is_filled(tmp_path: Path) -> None:
    build_page()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [BIN / "mailbox-svc", "demo"],
        env=environment({"TMPDIR": tmp_path}) | {"NO_COLOR": "1", "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
    )
    os.close(theirs)
    try:
        found = _read_until(ours, r"(http://127\.0\.0\.1:\d+)/profile/integrations#token=(\S+)")
        with httpx2.Client(base_url=found[1], trust_env=False, timeout=_PATIENCE) as http:
            assert '<div id="root">' in http.get("/profile/integrations").text
            http.headers["authorization"] = f"Bearer {found[2]}"
            assert [one["label"] for one in http.get("/api/contacts/mailboxes").json()] == ["Alice"]
            groups = {one["name"]: one["members"] for one in http.get("/api/contacts/groups").json()}
            assert groups.keys() == {"Close friends", "Suppliers"}
            assert all(groups.values())
        process.send_signal(signal.SIGINT)
        assert process.wait(_PATIENCE) == 0
        assert list(tmp_path.iterdir()) == []
    finally:
        process.kill()
        process.wait()
        os.close(ours)
