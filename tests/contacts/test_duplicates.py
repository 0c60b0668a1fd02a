"""Which pairs of contacts are suggested as one person, and which never are. One row is one pair."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from mailbox_svc.contacts.duplicates import suggestions
from mailbox_svc.model.contact import Kind
from mailbox_svc.model.duplicate import Candidate, Suggestion


def contact(
    name: str,
    address: str,
    *,
    at: str = "1",
    kind: Kind = Kind.PERSON,
    organization: str = "",
    phone: str = "",
) -> Candidate:
    return Candidate(at, (name,) if name else (), (address,), kind, organization, phone, 3)


def suggested(*sides: tuple[str, str]) -> list[Suggestion]:
    return suggestions([contact(name, address, at=f"{at:02}") for at, (name, address) in enumerate(sides)])


AT_ONE_COMPANY = [
    ("Anna Berg", "Anna Berg"),
    ("Anna Berg", "Berg, Anna"),
    ("Anna Berg", "BERG Anna"),
    ("Anna Berg", "Dr. Anna Berg, PhD"),
    ("Anna Berg", "Anna M. Berg"),
    ("Anna Berg", "Anna Maria Berg"),
    ("Anna Berg", "Anna Berg (Acme)"),
    ("Anna Berg", "Anna Berg - Acme GmbH"),
    ("Anna Berg", "Anna Berg, Acme Inc."),
    ("Anna Berg", "Anna Berg | Acme"),
    ("Anna Berg", "Anna Berg via Docs"),
    ("Anna Berg", "A. Berg"),
    ("Anna Berg-Holm", "Anna Berg"),
    ("Jürgen Möller", "Juergen Moeller"),
    ("Jürgen Möller", "Jurgen Moller"),
    ("Jörg Weiß", "Joerg Weiss"),
    ("Søren Ødegård", "Soren Odegard"),
    ("Søren Ødegård", "Soeren Oedegaard"),
    ("Юлия Ковальчук", "Yulia Kovalchuk"),
    ("Юлия Ковальчук", "Julia Kowaltschuk"),
    ("Дмитрий Жуков", "Dmitry Zhukov"),
    ("Дмитрий Жуков", "Dmitrij Zhukov"),
    ("Γιώργος Παππάς", "Giorgos Pappas"),
    ("Петрова Анна Ивановна", "Anna Petrova"),
    ("Jean-Pierre Noiret", "Jean Pierre Noiret"),
    ("Jean-Pierre Noiret", "Jeanpierre Noiret"),
    ("Seán Ó Riain", "Sean O Riain"),
    ("Conor O'Brien", "Conor OBrien"),
    ("Ian Mc Donald", "Ian McDonald"),
    ("Jan van der Meer", "Jan Meer"),
    ("Lucía García Lorca", "Lucía García"),
    ('Robert "Bob" Stone', "Robert Stone"),
    ("李小龙", "李 小龙"),
]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jan van der Meer", "Jan Vandermeer"),
        ("Jan Van Ginkel", "jan vanginkel"),
        ("B. de Vries", "Bob DeVries"),
    ],
)
def test_what_stands_before_a_family_name_may_be_one_word_with_it(one: str, other: str) -> None:
    (found,) = suggested((one, "x@acme.example"), (other, "y@acme.example"))

    assert "is part of" not in found.why


def test_an_address_says_which_name_an_initial_is() -> None:
    blake, brenda = ("Blake Meyer", "b@other.example"), ("Brenda Meyer", "b@third.example")

    (found,) = suggested(("B. Meyer", "blakem@acme.example"), blake, brenda)

    assert (found.first, found.second) == ("00", "01")


@pytest.mark.parametrize(("one", "other"), AT_ONE_COMPANY)
def test_one_name_in_two_spellings_at_one_company(one: str, other: str) -> None:
    assert suggested((one, "x@acme.example"), (other, "y@acme.example"))


SHORT = [
    ("Bob Stone", "Robert Stone"),
    ("Bill Stone", "William Stone"),
    ("Peggy Stone", "Margaret Stone"),
    ("Rob Stone", "Bob Stone"),
    ("Hannes Berg", "Johannes Berg"),
    ("Steffi Berg", "Stefanie Berg"),
    ("Sasha Volkov", "Alexander Volkov"),
    ("Саша Волков", "Александр Волков"),
    ("Катя Орлова", "Ekaterina Orlova"),
    ("Paco Vela", "Francisco Vela"),
    ("Kasia Zorn", "Katarzyna Zorn"),
]


@pytest.mark.parametrize(("short", "full"), SHORT)
def test_a_short_given_name_is_the_full_one(short: str, full: str) -> None:
    (found,) = suggested((short, "x@acme.example"), (full, "y@acme.example"))

    assert "short for" in found.why


DIFFERENT = [
    ("Daniel Berg", "Daniela Berg"),
    ("Christian Berg", "Christina Berg"),
    ("Jan Berg", "Jana Berg"),
    ("Jan Berg", "Ian Berg"),
    ("Jan Berg", "Dan Berg"),
    ("Alexander Berg", "Alexandra Berg"),
    ("Christian Berg", "Christopher Berg"),
    ("Maria Berg", "Marie Berg"),
    ("Michael Berg", "Michaela Berg"),
    ("Иван Волков", "Иванна Волков"),
    ("Anna Berg", "Emma Berg"),
    ("A. Berg", "Emma Berg"),
    ("John A. Stone", "John B. Stone"),
    ("John Stone Jr.", "John Stone Sr."),
    ("John Stone, Jr.", "John Stone"),
    ("John Stone III", "John Stone II"),
    ("Martin Thomas", "Thomas Martin"),
    ("Anna Meier", "Anna Meyer"),
    ("Anna Schmidt", "Anna Schmitt"),
    ("Anna Berg", "Anna Holm"),
    ("Anna", "Anna Berg"),
    ("Anna", "Anna"),
    ("Berg", "Anna Berg"),
    ("李小龙", "李大龙"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_names_at_one_company_are_two_people(one: str, other: str) -> None:
    assert suggested((one, "x@acme.example"), (other, "y@acme.example")) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # both with one company, by address, by what is typed or written
        (("John Smith", "john@acme.example"), ("John Smith", "smith@mail.acme.example")),
        (("John Smith", "john@acme.de"), ("John Smith", "smith@acme.com")),
        (("John Smith (Acme)", "js@gmail.com"), ("John Smith", "john@acme.com")),
        # the address says which name it is, at work and at home
        (("Xaver Smith", "x@acme.example"), ("Xaver Smith", "xaver.smith@gmail.com")),
        (("John Smith", "j@acme.example"), ("John Smith", "john.smith@gmail.com")),
        # a local part that somebody thought up
        (("John Smith", "skatertiger84@gmail.com"), ("John Smith", "skatertiger84@yahoo.com")),
        # an uncommon name
        (("Wilma Krautheim", "w@acme.example"), ("Wilma Krautheim", "k@other.example")),
        (("Wilma Krautheim", "wilma.krautheim@gmail.com"), ("Wilma Krautheim", "wkrautheim@web.de")),
        (("", "wilma.krautheim@gmail.com"), ("Wilma Krautheim", "wk@acme.example")),
        (("Wilma", "wilma.krautheim@gmail.com"), ("Wilma Krautheim", "wk@acme.example")),
        (("W. Krautheim", "wilma.krautheim@gmail.com"), ("Wilma Krautheim", "wk@acme.example")),
        (("", "wkrautheim@acme.example"), ("Wilma Krautheim", "wilma@acme.example")),
        (("", "wilmakrautheim@gmail.com"), ("Wilma Krautheim", "wk@acme.example")),
        (("Wilma Krautheim", "skatertiger84@web.de"), ("Wilma Kruatheim", "skatertiger84@gmail.com")),
        # a slip of the fingers that the address does not have
        (("Wilma Kruatheim", "wilma.krautheim@gmail.com"), ("Wilma Krautheim", "wk@acme.example")),
        (("Mratha Krautheim", "martha.krautheim@acme.example"), ("Martha Krautheim", "wk@acme.example")),
    ],
)
def test_one_name_and_something_in_common(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert suggested(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # a common name, and nothing else
        (("John Smith", "john.smith@gmail.com"), ("John Smith", "jsmith@yahoo.com")),
        (("John Smith", "john.smith@gmail.com"), ("John Smith", "john.smith@yahoo.com")),
        (("John Smith", "john@acme.example"), ("John Smith", "john@other.example")),
        (("李小龙", "a@gmail.com"), ("李小龙", "b@qq.com")),
        # an uncommon one that the addresses do not say
        (("Wilma Krautheim", "tiger@gmail.com"), ("Wilma Krautheim", "moon@web.de")),
        # a company that numbers those of one name
        (("John Smith", "john.smith@acme.example"), ("John Smith", "john.smith2@acme.example")),
        # an address of somebody else
        (("Wilma Krautheim", "robert.krautheim@acme.example"), ("Wilma Krautheim", "wk@acme.example")),
        # everybody has an address below these
        (("John Smith", "a@one.example.com"), ("John Smith", "b@two.example.com")),
        (("John Smith", "a@one.co.uk"), ("John Smith", "b@two.co.uk")),
        (("Xaver Smith", "xaver.smith@gmail.com"), ("Xaver Smith", "smith.xaver@gmail.com")),
        # a local part that many think of
        (("John Smith", "rocket@acme.example"), ("John Smith", "rocket@other.example")),
        # one local part, two people
        (("Bob Stone", "bob@acme.example"), ("Bob Holm", "bob@other.example")),
        (("Bob Stone", "skatertiger84@gmail.com"), ("Anna Holm", "skatertiger84@yahoo.com")),
    ],
)
def test_one_name_and_too_little_in_common(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert suggested(one, other) == []


def test_one_telephone_number_is_enough_for_one_name_but_makes_none_of_a_family() -> None:
    one = contact("John Smith", "john@gmail.com", at="1", phone="+49 30 123 45 67")
    same = contact("John Smith", "js@yahoo.com", at="2", phone="(030) 1234567")
    wife = contact("Mary Smith", "mary@yahoo.com", at="3", phone="030 1234567")
    short = contact("J. Smith", "smith@web.de", at="4", phone="030 1234567")

    (found,) = suggestions([one, same, wife])

    assert (found.first, found.second) == ("1", "2")
    assert "telephone" in found.why
    assert len(suggestions([same, short])) == 1


def test_what_the_user_typed_as_company_counts() -> None:
    one = contact("John Smith", "john@gmail.com", at="1", organization="ACME")
    other = contact("John Smith", "js@yahoo.com", at="2", organization="Acme")

    assert suggestions([one, other])
    assert not suggestions([one, replace(other, organization="Other")])


@pytest.mark.parametrize("kind", [Kind.ROLE, Kind.LIST, Kind.AUTOMATED])
def test_only_people_are_compared(kind: Kind) -> None:
    one = contact("Wilma Krautheim", "w@acme.example", at="1")
    other = contact("Wilma Krautheim", "k@acme.example", at="2")

    assert suggestions([one, other])
    assert suggestions([one, replace(other, kind=kind)]) == []
    assert suggestions([replace(one, kind=kind), replace(other, kind=kind)]) == []


def test_a_short_name_that_may_be_two_people_is_neither() -> None:
    alex, alexander = ("Alex Stone", "a@acme.example"), ("Alexander Stone", "b@acme.example")
    alexandra = ("Alexandra Stone", "c@acme.example")

    assert suggested(alex, alexander)
    assert suggested(alex, alexander, alexandra) == []


def test_an_initial_that_may_be_two_people_is_neither() -> None:
    initial, anna = ("A. Stone", "a@acme.example"), ("Anna Stone", "b@acme.example")

    assert suggested(initial, anna)
    assert suggested(initial, anna, ("Arthur Stone", "c@acme.example")) == []
    assert suggested(initial, anna, ("Arthur Stone", "c@other.example"))


def test_the_more_contacts_have_a_common_name_the_less_it_says() -> None:
    work, home = ("John Smith", "j@acme.example"), ("John Smith", "john.smith@gmail.com")

    assert suggested(work, home)
    assert suggested(work, home, ("John Smith", "js@other.example")) == []


@pytest.mark.parametrize(("name", "enough"), [("Xaver Smith", 4), ("Wilma Krautheim", 13)])
def test_a_name_of_more_contacts_than_one_person_has_says_nothing(name: str, enough: int) -> None:
    contacts = [(name, f"x@c{at}.example") for at in range(enough)]

    assert suggested(*contacts[:-1])
    assert suggested(*contacts) == []


@pytest.mark.parametrize("name", ["John Smith", "Wilma Krautheim"])
def test_a_company_that_numbers_those_of_one_name_has_several(name: str) -> None:
    local = name.lower().replace(" ", ".")
    first, home = (name, f"{local}@acme.example"), (name, f"{local}@gmail.com")

    assert suggested(first, home)
    assert suggested(first, home, (name, f"{local}2@acme.example")) == []
    assert suggested(first, home, (name, f"x.{local}@acme.example"))


def test_a_long_number_is_a_date_and_tells_nobody_apart() -> None:
    assert suggested(
        ("Wilma Krautheim", "wk-dated-1027545391.ddc3a9@acme.example"),
        ("Wilma Krautheim", "wk-dated-1030377287.06fa61@acme.example"),
    )
    assert suggested(("John Smith", "js10274@acme.example"), ("John Smith", "js10275@acme.example")) == []
    assert suggested(("Wilma Krautheim", "wk20260101@acme.example"), ("Wilma Krautheim", "wk@acme.example"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # the address has the other name
        (("Vesna", "vesna.rajnovic@net.example"), ("Vesna Rajnovic", "vr@acme.example")),
        (("Steven", "swolvercote@net.example"), ("Steven Wolvercote", "steven@acme.example")),
        (("Wolvercote", "steven.wolvercote@net.example"), ("Steven Wolvercote", "stv@acme.example")),
        # the address has the given name of which the initial was written
        (("M. Verhei", "mijkeverhei2@yahoo.com"), ("Mijke Verhei", "mijke.verhei@acme.example")),
        (("R. Krautheim", "rostislav1997@gmail.com"), ("Rostislav Krautheim", "rk@acme.example")),
        # what stands before a family name is written with it
        (("Ida van den Zorn", "idavandenzorn@gmail.com"), ("Ida van den Zorn", "ida.vandenzorn@web.de")),
        (("Seán Ó Riain", "seanriain@gmail.com"), ("Sean O'Riain", "sean.riain@web.de")),
        (("Seán Ó Riagáin", "seanreagain@gmail.com"), ("Sean O'Riagain", "reagain.sean@web.de")),
        # two given names in one word
        (("", "franciscojavier.verazuma@web.de"), ("Francisco Javier Verazuma", "fv@acme.example")),
    ],
)
def test_an_address_completes_a_name(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert suggested(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Steven", "steven@net.example"), ("Steven Teven", "st@acme.example")),
        (("Steven", "anna.wolvercote@net.example"), ("Steven Wolvercote", "sw@acme.example")),
        (("R. Krautheim", "anna1997@gmail.com"), ("Anna Krautheim", "ak@acme.example")),
        (("OTTO OTTO", "tto@gmail.com"), ("Otto Tto", "ottotto@web.de")),
    ],
)
def test_an_address_completes_no_other_name(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert suggested(one, other) == []


def test_a_family_name_of_many_contacts_is_common() -> None:
    names = [f"{given} {family}" for given in ("Wilma", "Jutta", "Horst") for family in ("Aab", "Bub", "Cuc")]
    others = [(name, f"{at}@{at}.example") for at, name in enumerate(names * 20)]

    assert not any(s.score > 0 for s in suggested(*others))


def test_a_name_that_chance_would_make_twice_says_less() -> None:
    pair = ("John Smith", "j@acme.example"), ("John Smith", "john.smith@gmail.com")
    givens, families = ("Anna", "Emma", "Karl", "Hugo"), ("Aab", "Bub", "Cuc", "Dod")
    smiths = [(f"{given} Smith", f"s{at}@s{at}.example") for at, given in enumerate(givens)]
    johns = [(f"John {family}", f"j{at}@j{at}.example") for at, family in enumerate(families)]

    assert suggested(*pair, *smiths)
    assert suggested(*pair, *johns)
    assert suggested(*pair, *smiths, *johns) == []


def test_the_name_shown_decides_over_others_that_were_seen() -> None:
    anna = replace(contact("Anna Berg", "a@acme.example", at="1"), names=("Anna Berg", "Emma Berg"))
    emma = contact("Emma Berg", "e@acme.example", at="2")

    assert suggestions([anna, emma]) == []
    assert suggestions([replace(anna, names=("Anna Holm", "Anna Berg")), replace(emma, names=("Anna Berg",))])


def test_of_very_many_with_one_name_and_company_each_is_compared_with_some() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    many = [("John Smith", f"{a}{b}@acme.example") for a in "abcd" for b in letters]

    assert 0 < len(suggested(*many)) <= 8 * len(many)


def test_the_surest_come_first_and_the_order_of_the_input_means_nothing() -> None:
    contacts = [
        contact("Wilma Krautheim", "w@acme.example", at="3"),
        contact("Wilma Krautheim", "k@acme.example", at="1"),
        contact("Wilma Krautheim", "wk@other.example", at="2"),
    ]

    found = suggestions(contacts)

    assert [(s.first, s.second) for s in found] == [("1", "3"), ("1", "2"), ("2", "3")]
    assert found[0].score > found[1].score == found[2].score
    assert all(suggestions(list(order)) == found for order in itertools.permutations(contacts))


def test_dismissed_pairs_are_left_out_and_only_keeps_those_of_one() -> None:
    contacts = [contact("Wilma Krautheim", f"w{at}x@acme.example", at=at) for at in ("a", "b", "c")]

    assert [(s.first, s.second) for s in suggestions(contacts, dismissed={("a", "b")})] == [
        ("a", "c"),
        ("b", "c"),
    ]
    assert [(s.first, s.second) for s in suggestions(contacts, only="b")] == [("a", "b"), ("b", "c")]
    assert suggestions(contacts, only="unknown") == []


def test_the_sentence_says_what_decided() -> None:
    (same,) = suggested(("Anna Berg", "anna@acme.example"), ("Berg, Anna", "ab@acme.example"))
    (short,) = suggested(("Bob Stone", "bob@acme.example"), ("Robert Stone", "rs@acme.example"))
    (rare,) = suggested(("Wilma Krautheim", "w@acme.example"), ("Wilma Krautheim", "k@other.example"))

    assert same.why == "The same name, and both use acme.example."
    assert short.why == '"Bob" is short for "Robert", the same surname, and both use acme.example.'
    assert rare.why == "The same name at acme.example and other.example, an uncommon one."


@pytest.mark.parametrize(
    "name",
    ["", " ", ",", ", ,", "()", "-", "'", "Dr.", "Jr.", "O", "ß", "\u0301", "李", "A" * 300, "@", " via x"],
)
@pytest.mark.parametrize(
    "address", ["@", "a@", "x", "+@acme.example", ".@acme.example", "x@.", '"a b"@acme.example']
)
def test_any_name_and_address_can_be_compared(name: str, address: str) -> None:
    assert suggested((name, address), ("Anna Berg", "anna@acme.example"), (name, address)) is not None
