import time

import pytest

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.folders import Folder, is_list, parse_list
from mailbox_svc.imap.framing import Response
from mailbox_svc.model.check import Code


def folder(name: str, raw: bytes, *attributes: str, delimiter: str | None = "/") -> Folder:
    return Folder(name, raw, frozenset(attributes), delimiter)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ((b'* LIST (\\HasNoChildren) "/" INBOX',), folder("INBOX", b"INBOX", "\\hasnochildren")),
        ((b'* LIST (\\Sent \\X) "." Gone',), folder("Gone", b"Gone", "\\sent", "\\x", delimiter=".")),
        ((b'* LIST () "/" "Sent Items"',), folder("Sent Items", b"Sent Items")),
        ((b"* list () nil flat",), folder("flat", b"flat", delimiter=None)),
        ((b'* LIST () "\\\\" "a\\"b\\\\c"',), folder('a"b\\c', b'a"b\\c', delimiter="\\")),
        ((b'* LIST () "/" {9}', b'a "b" \\\r\n', b""), folder('a "b" \\\ufffd\ufffd', b'a "b" \\\r\n')),
        ((b'* LIST () "/" {8}', b"Entw&APw-", b""), folder("Entwü", b"Entw&APw-")),
        ((b'* LIST () "/" {3+}', b"abc", b' ("CHILDINFO" ("SUBSCRIBED"))'), folder("abc", b"abc")),
        ((b'* LIST () "/" &AOQ-',), folder("ä", b"&AOQ-")),
        ((b'* LIST () "/" "A" ("OLDNAME" ("B"))',), folder("A", b"A")),
        ((b'* LIST () "/" A ("OLDNAME" ("B"))',), folder("A", b"A")),
        ((b'* LIST () "/" Sent Items',), folder("Sent Items", b"Sent Items")),
        ((b'* LIST () "/" ""',), folder("", b"")),
        ((b'* LIST () "/" {0}', b"", b""), folder("", b"")),
        ((b'* LIST ( \\Noselect  ) "/" x',), folder("x", b"x", "\\noselect")),
        ((b'* LIST () "/" [Gmail]',), folder("[Gmail]", b"[Gmail]")),
    ],
)  # fmt: skip
def test_a_folder_is_read(response: Response, expected: Folder) -> None:
    assert is_list(response)
    assert parse_list(response) == expected


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"&AP", "&AP"),
        (b"Entw\xc3\xbcrfe", "Entwürfe"),
        (b"Entw\xfcrfe", "Entw\\xfcrfe"),
        (b"a&b", "a&b"),
    ],
)
def test_a_name_that_is_not_modified_utf7_stays_usable(raw: bytes, name: str) -> None:
    read = parse_list((b'* LIST () "/" {%d}' % len(raw), raw, b""))

    assert read.raw_name == raw
    assert read.name == name


def test_a_name_for_people_holds_no_control_characters() -> None:
    folder = parse_list((b'* LIST () "/" "a&AAAAGyAuANe-b"',))
    assert folder.name == "a\ufffd\ufffd\ufffd\xd7b"
    assert folder.raw_name == b"a&AAAAGyAuANe-b"


@pytest.mark.parametrize(
    "response",
    [
        (b"* LIST",),
        (b"* LIST ()",),
        (b'* LIST () "/"',),
        (b'* LIST () "/" ',),
        (b'* LIST () "//" x',),
        (b"* LIST () / x",),
        (b'* LIST (\\A (\\B)) "/" x',),
        (b'* LIST () "/" "open',),
        (b'* LIST () "/" "open\\"',),
        (b'* LIST () "/" {-5}',),
        (b'* LIST () "/" (x)',),
        (b'* LIST () "/" x {3}', b"abc", b""),
        (b"* LIST " + b"(" * 60_000 + b")" * 5_000,),
    ],
)  # fmt: skip
def test_what_is_no_folder_is_a_protocol_error(response: Response) -> None:
    with pytest.raises(ConnectionFailed) as failure:
        parse_list(response)

    assert failure.value.code is Code.PROTOCOL_ERROR


@pytest.mark.parametrize("unit", [b"\\", b"(", b" (", b'"', b'\\"', b'" ', b"{1}", b" "])
def test_the_longest_line_is_read_fast_whatever_is_in_it(unit: bytes) -> None:
    # one 64 KiB line took seconds in regular expressions that go back
    started = time.process_time()
    for prefix in (b"* LIST (", b'* LIST () "/" ', b'* LIST () "/" "', b'* LIST () "/" x'):
        line = prefix + unit * (65_000 // len(unit))
        try:
            parse_list((line,))
        except ConnectionFailed as failure:
            assert failure.code is Code.PROTOCOL_ERROR  # noqa: PT017  either is right

    assert time.process_time() - started < 0.5


def test_a_folder_that_cannot_be_opened_says_so() -> None:
    assert folder("a", b"a", "\\hasnochildren").selectable
    assert not folder("a", b"a", "\\noselect").selectable
    assert not folder("a", b"a", "\\nonexistent").selectable


def test_other_responses_are_no_folders() -> None:
    assert not is_list((b"* LISTX () NIL x",))
    assert not is_list((b"* STATUS x (MESSAGES 1)",))
