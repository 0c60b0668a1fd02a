import pytest

from mailbox_svc.harvest.header_addresses import Mention, parse_addresses

#: As RFC 5322 and RFC 6531 want it.
STANDARD = [
    ("ada@example.org", [("", "ada@example.org")]),
    ("Ada@EXAMPLE.org", [("", "Ada@example.org")]),
    ("<ada@example.org>", [("", "ada@example.org")]),
    ("Ada Lovelace <Ada@EXAMPLE.org>", [("Ada Lovelace", "Ada@example.org")]),
    ("Dr. Ada J. Lovelace <ada@example.org>", [("Dr. Ada J. Lovelace", "ada@example.org")]),
    ('"Lovelace, Ada" <ada@example.org>', [("Lovelace, Ada", "ada@example.org")]),
    ('"Ada"<ada@example.org>', [("Ada", "ada@example.org")]),
    ('Ada "The Countess" Lovelace <ada@example.org>', [("Ada The Countess Lovelace", "ada@example.org")]),
    (r'"Ada \"the first\" \\ L" <ada@example.org>', [('Ada "the first" \\ L', "ada@example.org")]),
    ("  Ada \t  Lovelace\t<ada@example.org> ", [("Ada Lovelace", "ada@example.org")]),
    ("ada@example.org (Ada Lovelace)", [("Ada Lovelace", "ada@example.org")]),
    (r"ada@example.org (Ada \) (Countess) L)", [("Ada ) (Countess) L", "ada@example.org")]),
    ("(Ada) ada@example.org", [("Ada", "ada@example.org")]),
    ("Ada (at work) <ada@example.org>", [("Ada", "ada@example.org")]),
    ("<ada@example.org> (Ada)", [("Ada", "ada@example.org")]),
    ("ada@example.org ()", [("", "ada@example.org")]),
    (
        'Friends: "A, a" <a@x.example>, b@x.example;, Others:;, c@x.example',
        [("A, a", "a@x.example"), ("", "b@x.example"), ("", "c@x.example")],
    ),
    ("<@a.example,@b.example:ada@example.org>", [("", "ada@example.org")]),
    ("Ada <@a.example:ada@example.org>, b@x.example", [("Ada", "ada@example.org"), ("", "b@x.example")]),
    ('"ada.lovelace"@example.org', [("", "ada.lovelace@example.org")]),
    ('"ada lovelace"@example.org', [("", '"ada lovelace"@example.org')]),
    (r'<"ada\"@home"@example.org>', [("", r'"ada\"@home"@example.org')]),
    ('<"ada.."@example.org>', [("", '"ada.."@example.org')]),
    ("ada @ example.org", [("", "ada@example.org")]),
    ("<ada . lovelace @ example . org>", [("", "ada.lovelace@example.org")]),
    ("ada@[192.0.2.1], Bob <bob@[IPv6:2001:db8::1]>",
     [("", "ada@[192.0.2.1]"), ("Bob", "bob@[ipv6:2001:db8::1]")]),
    ("ada@localhost", [("", "ada@localhost")]),
    ("Adéle <adéle@bücher.example>", [("Adéle", "adéle@bücher.example")]),
    ("葉子 <葉子@例え.example>", [("葉子", "葉子@例え.example")]),
    ("ada+tag=x@example.org", [("", "ada+tag=x@example.org")]),
    # RFC 5322 appendix A.
    (r'"Ada \" <a@x.example>, b" <ada@example.org>', [('Ada " <a@x.example>, b', "ada@example.org")]),
    (r"Pete(A nice \) chap) <pete(his account)@silly.example(his host)>", [("Pete", "pete@silly.example")]),
    (
        "A Group(Some)\r\n :Chris <c@(his host.)public.example>, joe@x.example,\r\n J <j@x.example> (x); ()",
        [("Chris", "c@public.example"), ("", "joe@x.example"), ("J", "j@x.example")],
    ),
    ("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", []),
    ("Mary Smith <@node.example:mary@example.net>, , jdoe@one  . example",
     [("Mary Smith", "mary@example.net"), ("", "jdoe@one.example")]),
    ("Joe <joe(a (nested) comment)@example.(and one)org>", [("Joe", "joe@example.org")]),
    (r'Mr. (c)Who <(mr.)"who\"@\"me"@example.org>', [("Mr. Who", r'"who\"@\"me"@example.org')]),
    ('"ada lovelace" @ example . org', [("", '"ada lovelace"@example.org')]),
    ("O'Brien <o'brien@example.org>", [("O'Brien", "o'brien@example.org")]),
]  # fmt: skip

#: As mailers write it.
WILD = [
    ('"x@y.example" <x@y.example>', [("x@y.example", "x@y.example")]),
    ('"a@b.example" <d@e.example>', [("a@b.example", "d@e.example")]),
    ("a@b.example <d@e.example>", [("a@b.example", "d@e.example")]),
    ("'x@y.example' <x@y.example>", [("'x@y.example'", "x@y.example")]),
    ("'x@y.example', <'z@y.example'>", [("", "x@y.example"), ("", "z@y.example")]),
    ('"x@y.example", <"z@y.example">', [("", "x@y.example"), ("", "z@y.example")]),
    ("{x@y.example}, *x@z.example*, `x@w.example'",
     [("", "x@y.example"), ("", "x@z.example"), ("", "x@w.example")]),
    ("Ada <ada@example.org", [("Ada", "ada@example.org")]),
    ("Ada <ada@example.org, Bob <bob@example.org>", [("Ada", "ada@example.org"), ("Bob", "bob@example.org")]),
    ("Ada ada@example.org>", [("Ada", "ada@example.org")]),
    ("Ada <<<ada@example.org>>>", [("Ada", "ada@example.org")]),
    ("<Ada <ada@example.org>>", [("Ada", "ada@example.org")]),
    ("Ada <ada@example.org>>;", [("Ada", "ada@example.org")]),
    ("<ada@example.org> Ada Lovelace", [("Ada Lovelace", "ada@example.org")]),
    ("ada@example.org <Ada Lovelace>", [("Ada Lovelace", "ada@example.org")]),
    ('"Ada" ada@example.org', [("Ada", "ada@example.org")]),
    ("Ada Lovelace ada@example.org", [("Ada Lovelace", "ada@example.org")]),
    ("ada@example.org Ada Lovelace", [("Ada Lovelace", "ada@example.org")]),
    ("please write to ada@example.org or call", [("", "ada@example.org")]),
    ("a@x.example;b@x.example; c@x.example;",
     [("", "a@x.example"), ("", "b@x.example"), ("", "c@x.example")]),
    (",a@x.example,, ,b@x.example,", [("", "a@x.example"), ("", "b@x.example")]),
    ("a@x.example b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
    ("A <a@x.example> B <b@x.example>", [("A", "a@x.example"), ("B", "b@x.example")]),
    ("<a@x.example, b@x.example>", [("", "a@x.example"), ("", "b@x.example")]),
    ("<a@x.example; b@x.example>", [("", "a@x.example"), ("", "b@x.example")]),
    ("mailto:ada@example.org, <mailto:b@x.example?subject=x>",
     [("", "ada@example.org"), ("", "b@x.example")]),
    ("Ada [mailto:ada@example.org]", [("Ada", "ada@example.org")]),
    ("Ada [SMTP:ada@example.org], b@x.example", [("Ada", "ada@example.org"), ("", "b@x.example")]),
    ("Ada <SMTP:ada@example.org>", [("Ada", "ada@example.org")]),
    ("To: ada@example.org", [("", "ada@example.org")]),
    ("Friends (all of them): ada@example.org;", [("", "ada@example.org")]),
    ("SPAM: Ada <ada@example.org>", [("Ada", "ada@example.org")]),
    ("<a@x.example>: said Ada", [("said Ada", "a@x.example")]),
    ('"Ada Lovelace <ada@example.org>', [("Ada Lovelace", "ada@example.org")]),
    ('Ada "ada@example.org', [("Ada", "ada@example.org")]),
    ("a@x.example (Ada); b@x.example (Bob)", [("Ada", "a@x.example"), ("Bob", "b@x.example")]),
    ('Ada" <a@x.example>, Bob <b@x.example>', [("Ada", "a@x.example"), ("Bob", "b@x.example")]),
    ('"Ada <a@x.example>, "Bob" <b@x.example>', [("Ada", "a@x.example"), ("Bob", "b@x.example")]),
    ('"Ada" <a@x.example>, "Bob <b@x.example>, Eve <e@x.example>',
     [("Ada", "a@x.example"), ("Bob", "b@x.example"), ("Eve", "e@x.example")]),
    ('""Ada"" <ada@example.org>', [("Ada", "ada@example.org")]),
    (r"Ada\, Countess <ada@example.org>", [("Ada, Countess", "ada@example.org")]),
    (r"Ada \"x\" <ada@example.org>", [('Ada "x"', "ada@example.org")]),
    ("ada@example.org (Ada", [("Ada", "ada@example.org")]),
    ("(Ada <a@x.example>, (Bob) b@x.example", [("Ada", "a@x.example"), ("Bob", "b@x.example")]),
    ("Ada) <ada@example.org>", [("Ada", "ada@example.org")]),
    ("ada@example.org ((Ada))", [("Ada", "ada@example.org")]),
    ("Ada <ada@example.org (at work>", [("Ada", "ada@example.org")]),
    ("ada@example.org (via the list)", [("", "ada@example.org")]),
    ("ada@example.org (via the list) (Ada)", [("Ada", "ada@example.org")]),
    ("Ada @ Home <ada@example.org>", [("Ada @ Home", "ada@example.org")]),
    ("[Sales] Ada [Home] <ada@example.org>", [("[Sales] Ada [Home]", "ada@example.org")]),
    ("ada..l.@example.org, .ada@example.org", [("", "ada..l.@example.org"), ("", ".ada@example.org")]),
    ("ada@example.org., Ada <ada@example.org.>", [("", "ada@example.org"), ("Ada", "ada@example.org")]),
    ("'tis@x.example, ada@example.org!", [("", "'tis@x.example"), ("", "ada@example.org")]),
    ("ada@exa_mple.org", [("", "ada@exa_mple.org")]),
    ("ada%x.example@relay.example, h!ada@gw.example",
     [("", "ada%x.example@relay.example"), ("", "h!ada@gw.example")]),
    ("/S=Doe/G=John/O=Org/C=US/@gw.example", [("", "/S=Doe/G=John/O=Org/C=US/@gw.example")]),
    ('"/O=ORG/CN=ADA" <IMCEAEX-_O=ORG_CN=ADA@example.org>',
     [("/O=ORG/CN=ADA", "IMCEAEX-_O=ORG_CN=ADA@example.org")]),
    ('"Ada"@home <ada@example.org>', [("Ada@home", "ada@example.org")]),
    ("ada@example.org\0, \0Ada\0 <ada@example.org>", [("", "ada@example.org"), ("Ada", "ada@example.org")]),
    ("\u200bada@example.org\u200e", [("", "ada@example.org")]),
    ("Ada\xa0Lovelace\u3000<ada@example.org>", [("Ada Lovelace", "ada@example.org")]),
    ("Ada \u202egnp.exe\u202c <ada@example.org>", [("Ada gnp.exe", "ada@example.org")]),
    ("Ade\u0301le <ada@example.org>", [("Adéle", "ada@example.org")]),
]  # fmt: skip

NO_ADDRESS = [
    "", " ", ",;,", "root", "root, daemon", "<>", '"" <>', "Mail Delivery System <>", "Ada <ada>", "host!ada",
    "undisclosed-recipients:;", "Undisclosed recipients: ;", "<undisclosed-recipients:;>", '"nobody:;"',
    "<undisclosed-recipients:@x.example;>", "Recipient list suppressed", "Ada </O=ORG/CN=ADA>",
    "ada@", "@example.org", "@", "ada@.org", "ada@example..org", "ada@-", "ada@_", "a@b@example.org",
    "<a@b@x.example>", "ada at example dot org", "ada@[]", "ada@[192.0.2.1", '""@example.org',
    '"\x01"@example.org', '" "@example.org',
    # Half of a Lotus Notes name would be somebody else.
    "John Smith@Acme", "John Smith/Sales/Acme@Acme", "<John Smith@acme.example>",
    # Which half of it is the address?
    "ada@x.example/bob@x.example", 'ada"x"@x.example', "ada@x\0.example/", "a'b\"c@x.example",
    '"a\u202eb"@x.example',
    # RFC 2047 §5: an encoded word is no part of an address.
    "=?utf-8?Q?joe@x.example?=", "=?utf-8?Q?see joe@x.example now?=", "=?utf-8?q?ada?=@example.org",
    "a=?b?=@example.org", "ada@=?utf-8?q?example?=.org", "=?utf-8?B?Sm9lIDxqb2VAeC5vcmc+?=",
    # RFC 5321 §4.5.3.1.3.
    "a" * 250 + "@example.org", "Ada <" + "a" * 250 + "@example.org>",
    "(Ada) " + "a" * 250 + "@example.org",
]  # fmt: skip

#: Encoded words in every place where mailers put them.
ENCODED = [
    ("=?utf-8?Q?J=C3=B6?= <j@x.example>", "Jö"),
    ("=?utf-8?Q?J=C3=B6?=<j@x.example>", "Jö"),
    ("=?utf-8?Q?J=C3=B6?= j@x.example", "Jö"),
    ("J=?utf-8?Q?=C3=B6?=hn <j@x.example>", "Jöhn"),
    ('"=?utf-8?Q?J=C3=B6?=" <j@x.example>', "Jö"),
    ('"=?utf-8?Q?J=C3=B6?= =?utf-8?Q?hn?=" <j@x.example>', "Jöhn"),
    ('"=?utf-8?Q?J=C3=B6?=" =?utf-8?Q?Hn?= <j@x.example>', "Jö Hn"),
    ("j@x.example (=?utf-8?Q?J=C3=B6?=)", "Jö"),
    ("=?utf-8?B?5bGx55Sw5aSq6YO?=\r\n =?utf-8?B?jg==?= <j@x.example>", "山田太郎"),
    ("=?utf-8?Q?Doe=2C_John?= <j@x.example>", "Doe, John"),
    ("=?utf-8?Q?Doe,_John?= <j@x.example>", "Doe, John"),
    ("=?utf-8?Q?Doe, John?= <j@x.example>", "Doe, John"),
    ('=?utf-8?Q?"Doe",_<John>?= <j@x.example>', '"Doe", <John>'),
    ("=?utf-8?Q?joe@x.example?= <j@x.example>", "joe@x.example"),
    ("=?utf-8?Q?open <j@x.example>", "=?utf-8?Q?open"),
    ("=?utf-8?Q?a=0D=0AX:_b=00?= <j@x.example>", "a X: b"),
]


def as_mentions(pairs: list[tuple[str, str]]) -> list[Mention]:
    return [Mention(*pair) for pair in pairs]


@pytest.mark.parametrize(("value", "expected"), STANDARD)
def test_what_the_standard_allows_is_read(value: str, expected: list[tuple[str, str]]) -> None:
    assert parse_addresses(value.encode()) == as_mentions(expected)


@pytest.mark.parametrize(("value", "expected"), WILD)
def test_what_mailers_write_is_read(value: str, expected: list[tuple[str, str]]) -> None:
    assert parse_addresses(value.encode()) == as_mentions(expected)


@pytest.mark.parametrize("value", NO_ADDRESS)
def test_nothing_is_made_of_what_is_no_address(value: str) -> None:
    assert parse_addresses(value.encode()) == []


@pytest.mark.parametrize(("value", "name"), ENCODED)
def test_encoded_words_are_read_after_the_list_is_split(value: str, name: str) -> None:
    assert parse_addresses(value.encode() + b", ada@example.org") == [
        Mention(name, "j@x.example"),
        Mention("", "ada@example.org"),
    ]


@pytest.mark.parametrize(
    ("name", "charset"),
    [
        ("Gödel", "latin_1"),
        ("山田太郎", "iso2022_jp"),
        ("表参道", "cp932"),
        ("김민수", "euc_kr"),
        ("王伟", "gb2312"),
        ("張惠君 功", "big5"),
        ("Иван Петров", "koi8_r"),
        ("Иван Петров", "cp1251"),
    ],
)
@pytest.mark.parametrize(
    "form", ['"{}" <ada@example.org>, "Bö" <b@example.org>', "ada@example.org ({}), b@example.org (Bö)"]
)
def test_raw_eight_bit_names_do_not_disturb_the_list(name: str, charset: str, form: str) -> None:
    before, after = form.split("{}")
    value = before.encode() + name.encode(charset) + after.encode()
    if charset == "iso2022_jp":
        value = value.replace("Bö".encode(), b"Bo")

    found = parse_addresses(value)

    assert [mention.address for mention in found] == ["ada@example.org", "b@example.org"]
    assert found[0].name == name
    assert found[1].name in {"Bö", "Bo"}


def test_a_name_longer_than_any_is_cut() -> None:
    [mention] = parse_addresses(b'"' + "\u0301\u0316".encode() * 100_000 + b'" <ada@example.org>')

    assert len(mention.name) == 256
    assert mention.address == "ada@example.org"
