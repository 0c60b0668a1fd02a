"""The demo's IMAP server, over real TLS, seen through the standard library's own client."""

import asyncio
import email
import email.policy
import imaplib
import os
import signal
import ssl
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from mailbox_svc.demo.sample import FOLDERS, sample_mailbox
from mailbox_svc.demo.server import DemoServer, demo_imap_server
from mailbox_svc.errors import ConfigError


def _connect(server: DemoServer) -> imaplib.IMAP4_SSL:
    context = ssl.create_default_context(cafile=str(server.ca_file))
    return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=context, timeout=20)


def _log_in(server: DemoServer) -> imaplib.IMAP4_SSL:
    client = _connect(server)
    client.login(server.user, server.password)
    return client


def _read_everything(server: DemoServer) -> dict[str, list[bytes]]:
    """Return the raw messages by folder."""
    client = _log_in(server)
    found = {}
    for name in FOLDERS:
        wire = name.replace("&", "&-").replace("ü", "&APw-")  # modified UTF-7
        status, _ = client.select(f'"{wire}"', readonly=True)
        assert status == "OK", name
        _, answer = client.uid("FETCH", "1:*", "(BODY.PEEK[])")
        found[name] = [part[1] for part in answer if isinstance(part, tuple)]
    client.logout()
    return found


def _read_folders(server: DemoServer) -> list[bytes]:
    client = _log_in(server)
    _, lines = client.list()
    client.logout()
    return [line for line in lines if isinstance(line, bytes)]


async def test_every_sample_message_is_served_byte_for_byte(tmp_path: Path) -> None:
    async with demo_imap_server(tmp_path) as server:
        found = await asyncio.to_thread(_read_everything, server)
    # The server was started a moment ago, so the dates in its messages differ from any we make
    # here; everything else may not.
    expected: dict[str, list[bytes]] = {name: [] for name in FOLDERS}
    for message in sample_mailbox(datetime.now(UTC)):
        expected[message.folder].append(_without_dates(message.raw))
    assert {name: len(raws) for name, raws in found.items()} == {
        name: len(raws) for name, raws in expected.items()
    }
    for name, raws in found.items():
        assert [_without_dates(raw) for raw in raws] == expected[name]
    assert server.messages == sum(map(len, found.values())) >= 380


def _without_dates(raw: bytes) -> bytes:
    return b"\r\n".join(line for line in raw.split(b"\r\n") if not line.startswith((b"Date:", b"DTSTART:")))


async def test_names_in_many_scripts_survive_the_way_through_the_server(tmp_path: Path) -> None:
    async with demo_imap_server(tmp_path) as server:
        found = await asyncio.to_thread(_read_everything, server)
    names: set[str] = set()
    for raw in found["INBOX"] + found["Sent"]:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        for field in ("From", "To", "Cc"):
            for value in message.get_all(field, []):
                names.update(address.display_name for address in value.addresses)
    assert {"Zoë Müller", "Иван Петров", "田中 花子", "محمد علي", "יעל כהן", "O'Brien, Patrick"} <= names
    assert "Björk Guðmundsdóttir" in names  # one word cut in two by RFC 2047


async def test_folders_tell_their_special_use(tmp_path: Path) -> None:
    async with demo_imap_server(tmp_path) as server:
        lines = await asyncio.to_thread(_read_folders, server)
    text = b"\n".join(lines)
    assert len(lines) == len(FOLDERS)
    for use in (b"\\Sent", b"\\Drafts", b"\\Junk", b"\\Trash", b"\\Archive"):
        assert text.count(use) == 1
    assert b"Reisen &- Z&APw-rich" in text


async def test_a_wrong_password_is_refused_in_the_servers_own_words(tmp_path: Path) -> None:
    async with demo_imap_server(tmp_path) as server:
        with _connect(server) as client, pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login(server.user, "CANARY-wrong")


async def test_a_client_that_does_not_know_the_ca_refuses_the_server(tmp_path: Path) -> None:
    async with demo_imap_server(tmp_path) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.to_thread(
                imaplib.IMAP4_SSL,
                server.host,
                server.port,
                ssl_context=ssl.create_default_context(),
            )


async def test_the_password_is_neither_shown_nor_on_the_command_line(tmp_path: Path) -> None:
    async with demo_imap_server(tmp_path) as server:
        children = psutil.Process().children(recursive=True)
        commands = [" ".join(child.cmdline()) for child in children]
    assert any("imap_process" in command for command in commands)
    assert server.password not in " ".join(commands)
    assert server.password not in repr(server)


async def test_nothing_is_left_running_when_the_block_ends_with_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="story over"):
        async with demo_imap_server(tmp_path):
            raise RuntimeError("story over")
    assert not [child for child in psutil.Process().children() if "imap_process" in str(child.cmdline())]


async def test_the_server_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys, psutil\n"
        "from pathlib import Path\n"
        "from mailbox_svc.demo.server import demo_imap_server\n"
        "async def main():\n"
        "    async with demo_imap_server(Path(sys.argv[1])):\n"
        "        print(psutil.Process().children()[0].pid, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    await asyncio.to_thread(psutil.wait_procs, [child], 10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


async def test_a_folder_that_cannot_be_written_is_one_plain_sentence(tmp_path: Path) -> None:
    # The CA cannot be written where a folder lies already.
    (tmp_path / "ca.pem").mkdir()
    with pytest.raises(ConfigError, match=r"^The demo's IMAP server did not start: IsADirectoryError"):
        async with demo_imap_server(tmp_path):
            pass
