import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.imap import grammar
from mailbox_svc.imap.grammar import Status


@pytest.mark.parametrize(
    ("line", "greeting"),
    [
        (b"* OK ready", Status(b"", b"OK", b"ready")),
        (b"* OK", Status(b"", b"OK", b"")),
        (b"* ok [CAPABILITY IMAP4rev1] hi", Status(b"", b"OK", b"[CAPABILITY IMAP4rev1] hi")),
        (b"* OK no PREAUTH here", Status(b"", b"OK", b"no PREAUTH here")),
        (b"* PREAUTH welcome", Status(b"", b"PREAUTH", b"welcome")),
        (b"* BYE OK bye", Status(b"", b"BYE", b"OK bye")),
    ],
)
def test_a_greeting_is_told_by_its_first_word_alone(line: bytes, greeting: Status) -> None:
    assert grammar.parse_greeting(line) == greeting


@pytest.mark.parametrize(
    "line",
    [
        b"+OK POP3 ready",
        b"SSH-2.0-OpenSSH_9.2",
        b"HTTP/1.1 200 OK",
        b"220 mail ESMTP",
        b"* OKAY",
        b"* NO",
        b"*OK",
        b"",
    ],
)
def test_what_no_imap_server_says_is_no_greeting(line: bytes) -> None:
    assert grammar.parse_greeting(line) is None


def test_a_tagged_response_keeps_its_response_code_in_the_text() -> None:
    assert grammar.parse_tagged(b"A7 no [LIMIT] Too many") == Status(b"A7", b"NO", b"[LIMIT] Too many")
    assert grammar.parse_tagged(b"A7 BAD") == Status(b"A7", b"BAD", b"")


@pytest.mark.parametrize(
    "line", [b"A7 OKAY", b"A7", b"* OK x", b"+ OK", b" OK x", b"A7 BYE x", b"", b"A 7 OK"]
)
def test_other_lines_are_no_tagged_response(line: bytes) -> None:
    assert grammar.parse_tagged(line) is None


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (b"* CAPABILITY IMAP4rev1 Id", {"IMAP4REV1", "ID"}),
        (b"* capability imap4rev2", {"IMAP4REV2"}),
        (b"* CAPABILITY IMAP4rev1 X\xff\xfe ID", {"IMAP4REV1", "X\ufffd\ufffd", "ID"}),
        (b"* CAPABILITY", set()),
        (b"* CAPABILITY   IMAP4rev1  ", {"IMAP4REV1"}),
    ],
)
def test_capabilities_are_upper_case_names(line: bytes, names: set[str]) -> None:
    assert grammar.parse_capabilities(line) == frozenset(names)


def test_other_responses_say_nothing_of_capabilities() -> None:
    assert grammar.parse_capabilities(b"* CAPABILITYX IMAP4rev1") is None
    assert grammar.parse_capability_code(b"[ALERT] [CAPABILITY IMAP4rev1]") is None


def test_a_capability_code_ends_at_its_bracket() -> None:
    assert grammar.parse_capability_code(b"[CAPABILITY IMAP4rev1 ID] Logged in") == frozenset(
        {"IMAP4REV1", "ID"}
    )


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("alice", b'"alice"'),
        ("", b'""'),
        ("a b", b'"a b"'),
        ('a"b\\c', b'"a\\"b\\\\c"'),
        ("*", b'"*"'),
        ("u{5}", b'"u{5}"'),
        ("(x)%\x01", b'"(x)%\x01"'),
    ],
)
def test_a_text_is_quoted(text: str, wire: bytes) -> None:
    assert grammar.quoted(text) == wire


@pytest.mark.parametrize("char", ["\0", "\r", "\n", "ä", "\x80", "😀"])
def test_what_cannot_be_quoted_is_refused_without_being_repeated(char: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a quoted string") as refusal:
        grammar.quoted(f"CANARY-{char}")

    assert "CANARY" not in str(refusal.value)


@given(st.text(alphabet=st.characters(max_codepoint=127, exclude_characters="\0\r\n")))
def test_quoting_is_undone_by_unquoting(text: str) -> None:
    assert grammar.unquoted(grammar.quoted(text)[1:-1]) == text.encode()
