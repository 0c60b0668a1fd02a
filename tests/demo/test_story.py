"""`mailbox-svc demo` as a newcomer runs it: a process, a screen, nothing prepared."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import psutil
import pytest


async def _start(tmp_path: Path, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / "mailbox-svc",
        "demo",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), **environment},
    )


def _left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The whole story on a screen of 80 columns."""

    async def run() -> tuple[int | None, str, str]:
        process = await _start(tmp_path_factory.mktemp("story"), COLUMNS="80")
        out, errors = await process.communicate()
        return process.returncode, out.decode(), errors.decode()

    code, text, errors = asyncio.run(run())
    assert (code, errors) == (0, "")
    return text


async def test_the_story_shows_a_good_and_a_wrong_password_with_its_remedy(story: str) -> None:
    assert "logged in and listed the folders" in story
    assert "code AUTH_INVALID_CREDENTIALS, stage auth, wrong fields: password, user" in story
    assert "remedy: " in story


async def test_the_story_shows_that_a_password_goes_nowhere_else(story: str) -> None:
    assert "refused: Send the password again" in story


async def test_the_story_harvests_people_with_reasons_and_says_what_it_left_out(story: str) -> None:
    assert re.search(r"✓ 3\d\d messages read and \d\d addresses found in \d\.\d s", story)
    assert re.search(
        r"^ +8\d  Zoë Müller +zoe\.mueller@example\.org  you wrote to them \d+ times *$", story, re.MULTILINE
    )
    for reason in ("automated", "list", "never exchanged"):
        assert re.search(rf"^  \d+ {reason} *\n    \S+@\S+: \S", story, re.MULTILINE), reason


async def test_the_story_merges_two_addresses_of_one_person_and_takes_it_back(story: str) -> None:
    assert "lukasz@zolc.example and lukasz.zolc@aurora.example (0." in story
    assert "✓ merged: Łukasz Żółć, 2 addresses, " in story
    assert "✓ taken back: 2 contacts, as they were" in story


async def test_the_story_imports_a_group_once_however_often_it_is_asked(story: str) -> None:
    found = re.search(
        r"dry run: (\d+) added, 0 updated, 0 unchanged\s+✓ import: \1 added, 0 updated, 0 unchanged"
        r"\s+✓ again: 0 added, 0 updated, \1 unchanged",
        story,
    )
    assert found is not None
    assert int(found[1]) > 10
    assert f"… {found[1]} cards" in story
    assert "    BEGIN:VCARD" in story


async def test_the_story_harvests_again_and_finds_nothing_new(story: str) -> None:
    assert "✓ no new messages; who was deleted stays deleted" in story


async def test_the_story_ends_with_nothing_stored(story: str) -> None:
    assert "gone; 0 mailboxes are left" in story


async def test_the_story_shows_no_password(story: str) -> None:
    assert "CANARY" not in story


async def test_the_story_fits_a_screen_and_says_what_to_try_next(story: str) -> None:
    lines = story.splitlines()
    assert len(lines) <= 100
    assert max(map(len, lines)) <= 80
    assert "make run" in story


async def test_the_demo_leaves_no_file_behind(tmp_path: Path) -> None:
    process = await _start(tmp_path)
    await process.communicate()
    assert _left_in(tmp_path) == []


async def test_interrupting_the_demo_leaves_no_process_and_no_file_behind(tmp_path: Path) -> None:
    process = await _start(tmp_path)
    running = psutil.Process(process.pid)
    for _ in range(3000):
        children = running.children(recursive=True)
        if children:
            break
        await asyncio.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = await process.communicate()
    assert process.returncode == 130
    assert errors == b""
    gone, alive = await asyncio.to_thread(psutil.wait_procs, children, 10)
    assert (len(gone), alive) == (1, [])
    assert _left_in(tmp_path) == []
