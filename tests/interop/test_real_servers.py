"""Test and folder listing against servers that people really have. None of them is ours."""

from __future__ import annotations

import pytest

from mailbox_svc.model.check import Code, Stage
from support.routes import ALICE, ALICE_PASSWORD, BOB, BOB_PASSWORD, ROUTES, Route

every_route = pytest.mark.parametrize("route", ROUTES, indirect=True)

_BEFORE_LOGIN = {
    True: [Stage.RESOLVE, Stage.CONNECT, Stage.TLS, Stage.GREETING, Stage.CAPABILITY],
    # what the server can do is asked again once nobody can have meddled with the answer
    False: [Stage.RESOLVE, Stage.CONNECT, Stage.GREETING, Stage.CAPABILITY, Stage.TLS, Stage.CAPABILITY],
}


@every_route
async def test_a_right_password_passes_every_stage(route: Route) -> None:
    report = await route.test(ALICE, ALICE_PASSWORD)

    assert report.code is Code.OK
    assert [check.stage for check in report.checks] == [*_BEFORE_LOGIN[route.tls], Stage.AUTH, Stage.LIST]
    assert all(check.ok for check in report.checks)
    assert report.error == ""


@every_route
async def test_a_wrong_password_is_told_as_such(route: Route) -> None:
    report = await route.test(ALICE, "CANARY-wrong")

    assert report.code is Code.AUTH_INVALID_CREDENTIALS
    assert report.stage is Stage.AUTH
    assert "password" in report.wrong_fields
    assert not report.retryable
    assert report.error
    assert [check.ok for check in report.checks] == [True] * len(_BEFORE_LOGIN[route.tls]) + [False]


@every_route
async def test_a_certificate_of_an_unknown_authority_ends_the_connection_before_the_login(
    route: Route,
) -> None:
    report = await route.test(ALICE, ALICE_PASSWORD, trusted=False)

    assert report.code is Code.TLS_UNTRUSTED
    assert report.stage is Stage.TLS


# Not pymap, which has one user here, nor mailutils 3.15, whose answer to AUTHENTICATE ends with a lone LF.
@pytest.mark.parametrize(
    "route", [r for r in ROUTES if not r.startswith(("pymap", "mailutils"))], indirect=True
)
async def test_a_password_beyond_ascii_logs_in(route: Route) -> None:
    assert (await route.test(BOB, BOB_PASSWORD)).code is Code.OK


@every_route
async def test_folder_names_are_decoded_and_kept_as_the_server_wrote_them(route: Route) -> None:
    session = await route.log_in(ALICE, ALICE_PASSWORD)
    folders = {folder.name: folder for folder in await session.list_folders()}
    await session.close()

    prefix, separator = route.server.prefix, route.server.separator
    nested = folders[f"{prefix}Entwürfe{separator}日本語"]
    assert nested.raw_name.decode("ascii") == f"{prefix}Entw&APw-rfe{separator}&ZeVnLIqe-"
    assert nested.delimiter == separator
    assert nested.selectable
    assert folders[f"{prefix}Entwürfe"].selectable
    assert folders["INBOX"].selectable


@pytest.mark.parametrize(
    "route", ["dovecot-tls", "dovecot-starttls", "cyrus-tls", "cyrus-starttls"], indirect=True
)
async def test_special_folders_are_known_by_attribute(route: Route) -> None:
    session = await route.log_in(ALICE, ALICE_PASSWORD)
    folders = await session.list_folders()
    await session.close()

    marks = {r"\sent", r"\drafts", r"\junk", r"\trash", r"\archive"}
    uses = {folder.name: folder.attributes & marks for folder in folders if folder.attributes & marks}
    assert uses == {
        "Sent": {r"\sent"},
        "Drafts": {r"\drafts"},
        "Junk": {r"\junk"},
        "Trash": {r"\trash"},
        "Archive": {r"\archive"},
    }


@pytest.mark.parametrize("route", ["mailutils-tls"], indirect=True)
async def test_a_folder_without_a_delimiter_is_listed(route: Route) -> None:
    session = await route.log_in(ALICE, ALICE_PASSWORD)
    (inbox,) = [folder for folder in await session.list_folders() if folder.name == "INBOX"]
    await session.close()

    assert inbox.delimiter is None
