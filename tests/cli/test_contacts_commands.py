"""`contacts`, `groups` and `export` as their users run them, after a harvest of the sample mailbox."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from support import certs
from support.alice import World, alice_world
from support.command import BIN, environment, mailbox_svc, serving
from support.processes import free_port

ZOE = "zoe.mueller@example.org"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with alice_world(tmp_path_factory.mktemp("alice")) as running:
        assert running.run("harvest", "Alice").returncode == 0
        yield running


def exported(world: World, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run `export` and keep every byte."""
    return subprocess.run(
        [BIN / "mailbox-svc", "export", *arguments, "--dev", "--data-dir", world.data_dir],
        env=environment(world.settings),
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_contacts_are_listed_closest_first_with_their_reasons(world: World) -> None:
    done = world.run("contacts", "list", "--limit", "3")
    assert done.returncode == 0
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["rank", "name", "address", "kind", "reason", "sent/received", "last"]
    assert len(rows) == 3
    ranks = [int(row.split()[0]) for row in rows]
    assert ranks == sorted(ranks, reverse=True)
    assert all("you wrote to them" in row for row in rows)
    assert done.stderr.startswith("3 of ")


def test_lists_are_narrowed_by_kind_words_and_mailbox(world: World) -> None:
    roles = world.run("contacts", "list", "--kind", "role,list", "--mailbox", "alice").stdout
    assert "support@store.example" in roles
    assert "aurora-dev@lists.example.org" in roles
    assert ZOE not in roles
    found = world.run("contacts", "list", "--query", "müller zoe").stdout.splitlines()
    assert len(found) == 2
    assert ZOE in found[1]


def test_a_screen_of_80_columns_has_a_line_for_each_contact(world: World) -> None:
    seen, code = world.on_a_terminal("contacts", "list", "--limit", "7")
    lines = re.sub(r"\x1b\[\d*m", "", seen).splitlines()
    assert code == 0
    assert lines[0].split() == ["rank", "name", "address", "reason"]
    assert max(map(len, lines)) <= 80
    assert sum("you wrote to them" in line for line in lines) == 7
    assert len(lines) == 9  # the last one says how many there are
    assert world.run("contacts", "list", "--query", "nobody at all").stderr == "There is none.\n"


def test_json_is_the_contract_a_line_each_and_has_all_of_them(world: World) -> None:
    lines = world.run("contacts", "list", "--json", "--order", "name").stdout.splitlines()
    contacts = [json.loads(line) for line in lines]
    assert len(contacts) == int(world.run("contacts", "list", "--limit", "1").stderr.split()[2].rstrip(";"))
    [zoe] = [one for one in contacts if one["address"] == ZOE]
    assert zoe["displayName"] == "Zoë Müller"
    assert zoe["reason"]["code"] == "CONTACT_REASON_CODE_WROTE_TO"
    assert zoe["groupIds"] == []
    assert all(line.isascii() for line in lines)  # so nothing in a name can control the terminal


def test_what_was_left_out_is_listed_with_the_reason(world: World) -> None:
    only = world.run("contacts", "skipped", "--reason", "never-exchanged,list").stdout.splitlines()[1:]
    assert {line.split("  ")[0].strip() for line in only} == {"never exchanged", "list"}
    [line] = world.run("contacts", "skipped", "--query", "pins@pinboard", "--json").stdout.splitlines()
    assert json.loads(line)["skippedBecause"] == "SKIP_REASON_AUTOMATED"


def test_what_is_typed_is_shown_as_text_and_no_harvest_changes_it(world: World) -> None:
    grandma = "grandma.rose@example.net"
    name, organization = "Rose [red]Alba[/]", "safe\u202egpj.exe"
    saved = world.run("contacts", "set", grandma, "--name", name, "--organization", organization)
    assert saved.stdout == f"Saved: {name} <{grandma}>\n"
    assert world.run("harvest", "Alice").returncode == 0
    shown = world.run("contacts", "show", grandma.upper()).stdout
    assert f"name          {name}\n" in shown
    assert "organization  safe\ufffdgpj.exe\n" in shown  # no name turns the direction of the terminal
    assert f"  {name}  " in world.run("contacts", "list", "--query", grandma).stdout  # text, not markup
    cleared = world.run("contacts", "set", grandma, "--name", "", "--organization", "")
    assert "Rose" not in cleared.stdout


def test_a_deleted_contact_stays_deleted(world: World) -> None:
    nadia = "nadia@headhunters.example"
    assert world.run("contacts", "delete", nadia).returncode == 0
    assert world.run("harvest", "Alice").returncode == 0
    gone = world.run("contacts", "show", nadia)
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr.startswith("mailbox-svc: There is no contact")


def test_two_contacts_of_one_person_are_found_merged_and_taken_apart_again(world: World) -> None:
    at_home, at_work = "lukasz@zolc.example", "lukasz.zolc@aurora.example"
    before = world.run("contacts", "show", at_work).stdout
    found = world.run("contacts", "duplicates", "--contact", at_work).stdout
    assert at_home in found
    assert at_work in found

    merged = world.run("contacts", "merge", at_home, at_work).stdout
    shown = world.run("contacts", "show", at_work).stdout
    assert f"address       {at_home}\nalso          {at_work}\n" in shown
    assert at_work in world.run("contacts", "skipped", "--reason", "merged").stdout
    again = world.run("contacts", "merge", at_home, at_work)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)  # they are one contact now

    undo = merged.splitlines()[-1].split()[-3:]
    assert world.run(*undo).stdout.startswith("Taken back: ")
    assert world.run("contacts", "show", at_work).stdout == before
    assert world.run(*undo).returncode == 1


def test_a_group_is_made_filled_looked_at_and_taken_apart(world: World) -> None:
    wish = ("groups", "import", "Friends", "--min-rank", "60")
    counted = world.run(*wish, "--dry-run").stdout
    assert counted.startswith("Would be: ")
    with world.client() as client:
        assert client.list_groups() == []
    done = world.run(*wish)
    assert done.stdout == counted.removeprefix("Would be: ")
    assert "below rank" in done.stdout
    added = int(done.stdout.split()[0])
    assert added > 5
    assert world.run(*wish).stdout.startswith(f"0 added, 0 updated, {added} unchanged.")

    members = world.run("contacts", "list", "--group", "friends").stdout
    assert len(members.splitlines()) == added + 1
    removed = world.run("groups", "remove", "Friends", ZOE, "bob@aurora.example")
    assert removed.stdout == f"2 removed; {added - 2} are left.\n"
    assert world.run("groups", "import", "Friends", "--contact", ZOE).stdout.startswith("1 added")
    assert world.run("groups", "rename", "friends", "Dear friends").returncode == 0
    assert f"Dear friends  {added - 1}" in world.run("groups", "list").stdout
    assert world.run("groups", "delete", "Dear friends").returncode == 0
    with world.client() as client:
        assert client.list_groups() == []


def test_what_the_service_refuses_is_one_sentence(world: World) -> None:
    assert world.run("groups", "create", "Choir").returncode == 0
    taken = world.run("groups", "create", "choir")
    assert (taken.returncode, taken.stderr) == (1, "mailbox-svc: There is another group of this name.\n")
    long = world.run("groups", "rename", "Choir", "x" * 101)
    assert long.returncode == 1
    assert long.stderr.count("\n") == 1
    unknown = world.run("contacts", "list", "--group", "Nobody")
    assert unknown.stderr == "mailbox-svc: There is no group 'Nobody'; there are: Choir.\n"
    assert world.run("contacts", "show", "not-an-id").returncode == 1
    with world.client() as client:
        client.delete_group(client.list_groups()[0].id)


@pytest.mark.parametrize(
    "arguments",
    [
        ("contacts", "list", "--kind", "aliens"),
        ("contacts", "list", "--limit", "0"),
        ("contacts", "set", ZOE),
        ("groups", "import", "x", "--min-rank", "101"),
        ("export",),
    ],
)
def test_wrong_arguments_end_with_two(world: World, arguments: tuple[str, ...]) -> None:
    assert world.run(*arguments).returncode == 2


def test_vcards_go_to_standard_output_byte_for_byte(world: World) -> None:
    for form, version in (("vcard3", b"3.0"), ("vcard4", b"4.0")):
        done = exported(world, "--format", form, "--query", ZOE)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.startswith(b"BEGIN:VCARD\r\nVERSION:" + version + b"\r\n")
        assert done.stdout.endswith(b"END:VCARD\r\n")
        assert "FN:Zoë Müller\r\n".encode() in done.stdout


def test_a_file_is_replaced_in_one_step_or_not_at_all(world: World, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("before")
    refused = exported(world, "--format", "csv", "--query", "x" * 201, "-o", str(file))
    assert (refused.returncode, file.read_text()) == (1, "before")
    done = exported(world, "--format", "csv", "-o", str(file))
    assert (done.returncode, done.stdout) == (0, b"")
    rows = list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"))))
    assert ZOE in {row["E-mail Address"] for row in rows}
    assert list(tmp_path.iterdir()) == [file]
    nowhere = exported(world, "--format", "csv", "-o", str(tmp_path / "no" / "people.csv"))
    assert nowhere.returncode == 1
    assert nowhere.stderr.count(b"\n") == 1


def test_a_terminal_gets_nothing_of_a_file_that_could_control_it(world: World) -> None:
    note = "safe\u202egpj.exe"
    assert world.run("contacts", "set", ZOE, "--note", note).returncode == 0
    assert note.encode() in exported(world, "--format", "vcard3", "--query", ZOE).stdout
    seen, code = world.on_a_terminal("export", "--format", "vcard3", "--query", ZOE)
    assert (code, seen.splitlines()[0]) == (0, "BEGIN:VCARD")
    assert "NOTE:safe\ufffdgpj.exe" in seen


def test_a_pipe_is_written_to_and_not_replaced(world: World) -> None:
    done = exported(world, "--format", "vcard3", "--query", ZOE, "-o", "/dev/stdout")
    assert done.returncode == 0
    assert done.stdout.startswith(b"BEGIN:VCARD\r\n")


def test_it_says_who_is_calling_or_that_it_must_be_told(world: World, tmp_path: Path) -> None:
    nobody = mailbox_svc("groups", "list", settings=world.settings)
    assert nobody.returncode == 2
    assert "--dev" in nobody.stderr
    elsewhere = mailbox_svc("groups", "list", "--dev", "--data-dir", str(tmp_path), settings=world.settings)
    assert elsewhere.returncode == 2
    assert list(tmp_path.iterdir()) == []  # nothing is made in a wrong place

    token = tmp_path / "token"
    token.write_text(f"{world.token}\n")
    by_token = mailbox_svc("contacts", "list", "--token-file", str(token), settings=world.settings)
    assert ZOE in by_token.stdout
    token.write_text("CANARY-not a token\n")
    assert mailbox_svc("groups", "list", "--token-file", str(token), settings=world.settings).returncode == 1
    token.write_text("")
    assert mailbox_svc("groups", "list", "--token-file", str(token), settings=world.settings).returncode == 2

    operator = {**world.settings, "MAILBOX_JWT_SECRET_FILE": world.data_dir / "jwt-secret"}
    other_user = mailbox_svc("contacts", "list", "--user", "somebody-else", settings=operator)
    assert other_user.returncode == 0
    assert ZOE not in other_user.stdout


def test_a_service_that_is_not_there_is_one_sentence(world: World) -> None:
    address = f"127.0.0.1:{free_port()}"
    done = world.run("groups", "list", "--target", address)
    assert done.returncode == 1
    assert done.stderr == f"mailbox-svc: Cannot reach the service at {address}; is it running there?\n"
    everywhere = {"MAILBOX_GRPC_ADDR": address.replace("127.0.0.1", "0.0.0.0")}
    beside = mailbox_svc("groups", "list", "--dev", "--data-dir", str(world.data_dir), settings=everywhere)
    assert beside.stderr == done.stderr  # what listens everywhere is called on this machine


def test_the_service_is_checked_by_the_authority_that_is_given(tmp_path: Path) -> None:
    files = certs.issue(trustme.CA(), tmp_path)
    settings = {
        "MAILBOX_GRPC_ADDR": f"127.0.0.1:{free_port()}",
        "MAILBOX_GRPC_TLS_CERT_FILE": files.chain,
        "MAILBOX_GRPC_TLS_KEY_FILE": files.key,
    }
    beside = ("groups", "list", "--dev", "--data-dir", str(tmp_path / "mailbox-data"))
    with serving("--dev", cwd=tmp_path, settings=settings) as running:
        running.find(r"(TOKEN=)")
        good = mailbox_svc(*beside, "--tls-ca", str(files.ca), settings=settings)
        stranger = mailbox_svc(*beside, settings=settings)
        known = {**settings, "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": files.ca}
        as_system = mailbox_svc(*beside, settings=known)
    assert (good.returncode, good.stderr) == (0, "")
    assert (as_system.returncode, as_system.stderr) == (0, "")
    assert stranger.returncode == 1
