"""Where a browser may be sent, for whatever text comes as a URL."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from mailbox_svc.rest.origins import Origins, host_of, is_local_http, with_result
from mailbox_svc.rest.problems import Refused
from support.gateway import APP

ALLOWED = (APP, "http://localhost:3000")
#: What browsers take for these origins (WHATWG URL), put down without any parser.
PLAINLY_THERE = re.compile(
    r"(https://app\.example\.org|http://localhost:3000|https?://gateway\.example\.org:8080)([/?][!-\[\]-~]*)?"
)


def request_to(host: str, scheme: str = "http") -> Request:
    headers = [(b"host", host.encode("latin-1"))]
    return Request({"type": "http", "scheme": scheme, "path": "/", "query_string": b"", "headers": headers})


def origins(scheme: str = "http") -> Origins:
    return Origins(ALLOWED, request_to("Gateway.example.org:8080", scheme))


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.org",
        "https://app.example.org/",
        "https://app.example.org/profile?tab=mail#here",
        "https://app.example.org?tab=mail",
        "https://app.example.org/a@b/%0d%0a//c",
        "http://localhost:3000/x",
        "https://gateway.example.org:8080/profile",
        "http://gateway.example.org:8080/profile",
    ],
)
def test_a_url_on_an_allowed_origin_is_one_to_return_to(url: str) -> None:
    assert origins().may_return_to(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/profile",
        "//app.example.org/",
        "//evil.example.org",
        "https:app.example.org",
        "https:/app.example.org/",
        "https:///app.example.org/",
        "HTTPS://app.example.org/",
        "https://APP.example.org/",
        "http://app.example.org/",
        "https://app.example.org:443/",
        "https://app.example.org:444/",
        "https://app.example.org./",
        "https://app.example.org.evil.org/",
        "https://app.example.org@evil.org/",
        "https://app.example.org:x@evil.org/",
        "https://user@app.example.org/",
        "https://app.example.org\\@evil.org/",
        "https://app.example.org\\.evil.org/",
        "https://evil.org\\https://app.example.org/",
        "https://app.example.org%2f.evil.org/",
        "https://app.example.org%00.evil.org/",
        "https://app.example.org#@evil.org/",
        "https://app.example.org;.evil.org/",
        "https://evil.org/https://app.example.org/",
        "https://evil.org?https://app.example.org/",
        "https://app.example.org/\r\nset-cookie: a=b",
        "https://app.example.org/\n",
        "\thttps://app.example.org/",
        " https://app.example.org/",
        "https://app.exa\tmple.org/",
        "https://app.example.org/\x00",
        "https://app.example.org/é",
        "https://app。example.org/",
        "https://[app.example.org]/",
        "https://[::1/",
        "javascript:alert(1)//https://app.example.org/",
        "javascript://app.example.org/%0aalert(1)",
        "data:text/html,https://app.example.org/",
        "https://app.example.org/" + "a" * 1024,
    ],
)
def test_anything_else_is_not(url: str) -> None:
    assert not origins().may_return_to(url)


PIECES = st.sampled_from(
    [
        *ALLOWED,
        "https://",
        "//",
        "evil.org",
        "app.example.org",
        "@",
        "\\",
        ":",
        "?",
        "#",
        "/",
        "%2f",
        "\n",
        ".",
        "x",
    ]
)


@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=8).map("".join)))
@example("https://app.example.org/")
@example("https://app.example.org?x")
def test_whatever_is_accepted_is_there_letter_for_letter(url: str) -> None:
    assert origins().may_return_to(url) is bool(PLAINLY_THERE.fullmatch(url))


def test_a_gateway_that_is_called_over_tls_has_no_http_origin() -> None:
    assert origins("https").allow("https://gateway.example.org:8080")
    assert not origins("https").allow("http://gateway.example.org:8080")


@given(
    st.sampled_from(
        ["", "?", "?tab=mail", "?oauth=error&code=A&tab=%26&b", "?mailbox_id=1", "?a=1&oauth=ok&a=2"]
    ),
    st.sampled_from(["", "#here", "#?oauth=ok"]),
    st.text(max_size=20),
)
def test_the_outcome_takes_the_place_of_an_earlier_one_and_of_nothing_else(
    query: str, fragment: str, mailbox_id: str
) -> None:
    before = f"https://app.example.org/p{query}{fragment}"
    after = urlsplit(with_result(before, {"oauth": "ok", "mailboxId": mailbox_id}))
    assert parse_qsl(after.query, keep_blank_values=True) == [
        *(
            (name, value)
            for name, value in parse_qsl(query[1:], keep_blank_values=True)
            if name not in {"oauth", "code", "mailboxId"}
        ),
        ("oauth", "ok"),
        ("mailboxId", mailbox_id),
    ]
    assert (after.netloc, after.path, after.fragment) == ("app.example.org", "/p", fragment[1:])


@given(
    st.one_of(
        st.text(alphabet=st.characters(max_codepoint=255), max_size=30),
        st.from_regex(r"[a-z0-9.\[\]:@/-]{1,20}", fullmatch=True),
    )
)
def test_a_host_is_a_host_or_refused(text: str) -> None:
    try:
        host = host_of(request_to(text))
    except Refused:
        return
    assert urlsplit(f"http://{host}").netloc == host


@pytest.mark.parametrize(
    ("host", "scheme", "local"),
    [
        ("localhost", "http", True),
        ("127.0.0.1:8080", "http", True),
        ("127.1.2.3", "http", True),
        ("[::1]:8080", "http", True),
        ("localhost:8080", "https", False),
        ("localhost.example.org", "http", False),
        ("127.0.0.1.example.org", "http", False),
        ("192.168.0.1", "http", False),
        ("[fe80::1]", "http", False),
    ],
)
def test_only_this_machine_is_local(host: str, scheme: str, *, local: bool) -> None:
    assert is_local_http(request_to(host, scheme)) is local
