from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailbox_svc.harvest.address_lists import AddressLists
from mailbox_svc.harvest.header_addresses import Mention, parse_addresses
from mailbox_svc.model.address import canonical

PLAIN_ITEMS = [
    b"ada@example.org",
    b"Ada Lovelace <ada@example.org>",
    b'"Lovelace, Ada" <Ada@Example.org>',
    b'"Babbage, Charles" <charles@example.net>',
    b"<grace@example.com>",
    "Gödel <kurt@example.at>".encode(),
    b"=?utf-8?Q?G=C3=B6del=2C_Kurt?= <kurt@example.at>",
    b"O'Brien <obrien@example.ie>",
    b"Charles charles@example.net",
    b"undisclosed",
    b"",
]
ODD_ITEMS = [
    b"ada@example.org (Ada, Countess)",
    b"=?utf-8?Q?G=C3=B6del,_Kurt?= <kurt@example.at>",
    b'=?utf-8?Q?"G=C3=B6del",_Kurt?= <kurt@example.at>',
    b"Friends: ada@example.org, Bob <bob@example.org>;",
    b"<@relay.example,@other.example:ada@example.org>",
    b"ada@example.org; bob@example.org",
    b'"Ada \\"the, first\\"" <ada@example.org>',
    b"Ada\\, Countess <ada@example.org>",
    b'"Ada <ada@example.org>',
    b"Kurt G\xf6del <kurt@example.at>",
    b"\x1b$B;3ED\x1b(B <yamada@example.jp>",
    b"Ada\r\n <ada@example.org>",
    b"<ada@example.org",
    b"Ada <<ada@example.org>>",
    b"=?utf-8?Q?open <ada@example.org>",
    b"?= bob@example.org",
    b"\x00ada@example.org\x00",
    b"Ada <@relay.example,@other.example:ada@example.org>",
    b'a"b@example.org',
    "林 <lin@example.cn>, 王伟 <wang@example.cn>".encode("gb18030"),
]
SPACES = st.sampled_from([b"", b" ", b"  ", b"\t", b",", b" ,"])
LISTS = st.lists(
    st.tuples(SPACES, st.sampled_from(PLAIN_ITEMS + ODD_ITEMS) | st.binary(max_size=20), SPACES), max_size=8
).map(lambda items: b",".join(before + item + after for before, item, after in items))


def distinct(mentions: list[Mention]) -> tuple[Mention, ...]:
    kept: dict[str, Mention] = {}
    for mention in mentions:
        address = canonical(mention.address)
        if address not in kept or (mention.name and not kept[address].name):
            kept[address] = mention
    return tuple(kept.values())


@settings(max_examples=5 * settings().max_examples)
@given(st.lists(LISTS, max_size=4))
@example([b",".join(PLAIN_ITEMS), b",".join(PLAIN_ITEMS)])
@example([b",".join(ODD_ITEMS)])
@example(ODD_ITEMS)
def test_lists_are_read_as_the_parser_reads_the_whole(values: list[bytes]) -> None:
    lists = AddressLists(lambda mention: mention)

    for value in values:
        assert lists.read(value) == distinct(parse_addresses(value))


def test_an_item_is_made_once() -> None:
    made: list[Mention] = []
    lists = AddressLists(made.append)

    for _ in range(3):
        lists.read(b'"Lovelace, Ada" <ada@example.org>,grace@example.com')

    assert made == [Mention("Lovelace, Ada", "ada@example.org"), Mention("", "grace@example.com")]


def test_of_an_address_named_twice_the_first_with_a_name_counts() -> None:
    lists = AddressLists(lambda mention: mention)

    assert lists.read(
        b"ADA@example.org,bob@example.org,Ada <ada@example.org>,Countess <ada@example.org>"
    ) == (
        Mention("Ada", "ada@example.org"),
        Mention("", "bob@example.org"),
    )
    assert lists.read(b"ADA@example.org,ada@example.org") == (Mention("", "ADA@example.org"),)


def test_what_is_remembered_is_bounded_and_forgetting_changes_nothing() -> None:
    made: list[Mention] = []

    def make(mention: Mention) -> Mention:
        made.append(mention)
        return mention

    lists = AddressLists(make, most_items=4)
    for i in range(20):
        assert lists.read(b"person%d@example.org,ada@example.org" % i) == (
            Mention("", f"person{i}@example.org"),
            Mention("", "ada@example.org"),
        )

    assert 20 + 3 < len(made) < 20 + 20


def test_what_is_long_is_read_and_not_remembered() -> None:
    made: list[Mention] = []
    lists = AddressLists(made.append)

    for _ in range(2):
        lists.read(b"ada@example.org (" + b"x" * 2000 + b")")

    assert [mention.address for mention in made] == ["ada@example.org"] * 2
