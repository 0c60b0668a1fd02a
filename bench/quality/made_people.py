"""Made-up contacts of whom it is known who is who: people with several addresses and spellings of their
name, and hard cases around them. The same seed makes the same ones.

Some of it cannot be known from names and addresses: one John Smith at two free-mail hosts may be one man or
two. Both are made, as in life.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations

from mailbox_svc.model.contact import Kind
from mailbox_svc.model.duplicate import Candidate
from quality.made_names import EITHER_NAME, LANGUAGES, LOOK_ALIKES, SHORT, Language, in_ascii, in_latin

_FREE = """
gmail.com yahoo.com outlook.com gmx.de web.de hotmail.com icloud.com mail.ru orange.fr
""".split()  # noqa: SIM905  (words are read more easily so)
_COMPANY_STARTS = """
acorn alder amber birch cedar coral delta ember fjord garnet harbor indigo juniper kestrel
""".split()  # noqa: SIM905  (words are read more easily so)
_COMPANY_ENDS = """
works soft bau tech logistics media labs foods partners consult energy care optics print
""".split()  # noqa: SIM905  (words are read more easily so)
_WORDS = """
sunny moon river skater guitar pixel tiger cactus marble rocket nova storm maple pepper comet
""".split()  # noqa: SIM905  (words are read more easily so)


@dataclass(frozen=True, slots=True)
class Somebody:
    """One made-up person."""

    given: str
    family: str
    company: str
    middle: str = ""


@dataclass(slots=True)
class World:
    """Made-up contacts, and who each of them is."""

    candidates: list[Candidate] = field(default_factory=list)
    #: Contact id → who it is.
    who: dict[str, int] = field(default_factory=dict)

    def same(self) -> set[tuple[str, str]]:
        """Return the pairs that are one person, the smaller id first."""
        contacts: dict[int, list[str]] = {}
        for contact, person in self.who.items():
            contacts.setdefault(person, []).append(contact)
        return {
            (min(one, other), max(one, other))
            for ids in contacts.values()
            for at, one in enumerate(ids)
            for other in ids[at + 1 :]
        }


class Maker:
    """Makes people and writes them down as contacts."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World()
        self._people = 0
        self._taken: set[str] = set()
        self.turned = list(combinations(EITHER_NAME, 2))
        self.chance.shuffle(self.turned)
        self._rare: set[tuple[str, str]] = set()

    def somebody(self, given: str = "", family: str = "", company: str = "") -> Somebody:
        """Return one with what is not given made up. Who has an uncommon name has it alone, as in life."""
        language = self.chance.choice(LANGUAGES)
        if not given and not family:
            given = self.chance.choice(language.given)
            family = self.family(language, given)
        middle = self.chance.choice("ABCDEFGHJKLMPRSTW") if self.chance.random() < 0.1 else ""
        return Somebody(
            given or self.chance.choice(language.given),
            family or language.family(self.chance),
            company or self.company(),
            middle,
        )

    def family(self, language: Language, *givens: str) -> str:
        """Return a family name that nobody of these given names has yet, unless it is a common one."""
        family = language.family(self.chance)
        while family not in language.common and any((given, family) in self._rare for given in givens):
            # longer with every try, so that there are enough for any number of people
            family += self.chance.choice(language.ends)
        self._rare.update((given, family) for given in givens)
        return family

    def company(self) -> str:
        start, end = self.chance.choice(_COMPANY_STARTS), self.chance.choice(_COMPANY_ENDS)
        return f"{start}{end}{('.example', '.example.com', '.example.org')[(len(start) + len(end)) % 3]}"

    def write(self, *contacts: tuple[str, str, str]) -> None:
        """Write one person down: a name, address and telephone number for each contact."""
        self._people += 1
        own: set[str] = set()
        for name, address, phone in contacts:
            if address in own:
                continue  # the same contact
            while address in self._taken:
                local, _, domain = address.rpartition("@")
                address = f"{local}{self.chance.randrange(2, 99)}@{domain}"  # noqa: PLW2901
            self._taken.add(address)
            own.add(address)
            contact = f"{self.chance.getrandbits(48):012x}"
            self.world.who[contact] = self._people
            names = (name,) if name else ()
            self.world.candidates.append(Candidate(contact, names, (address,), Kind.PERSON, "", phone, 2))

    # -- how names and addresses are written ------------------------------------------------------------

    def work(self, one: Somebody) -> str:
        given, family = self._letters(one)
        shapes = (
            f"{given}.{family}",
            f"{given[0]}.{family}",
            f"{given[0]}{family}",
            given,
            f"{family}",
            f"{given}_{family}",
        )
        return f"{self.chance.choices(shapes, (45, 12, 20, 8, 8, 7))[0]}@{one.company}"

    def free(self, one: Somebody) -> str:
        given, family = self._letters(one)
        year = str(self.chance.randrange(60, 99))
        shapes = (
            f"{given}.{family}", f"{given}{family}", f"{family}.{given}", f"{given[0]}{family}",
            f"{given}.{family}{year}", f"{self.chance.choice(_WORDS)}{self.chance.choice(_WORDS)}{year}",
        )  # fmt: skip
        return f"{self.chance.choices(shapes, (40, 18, 10, 12, 12, 8))[0]}@{self.chance.choice(_FREE)}"

    def spelt(self, one: Somebody) -> str:
        """Return the name in one of the ways that mailers and people write it."""
        chance = self.chance
        plain = f"{one.given} {one.family}"
        if not in_ascii(one.given):
            return f"{one.family}{one.given}"
        company = one.company.split(".")[0].title()
        ways: list[tuple[int, Callable[[], str]]] = [
            (40, lambda: plain),
            (10, lambda: f"{one.family}, {one.given}"),
            (8, partial(self._in_latin, one)),
            (6, lambda: f"{one.given} {one.middle or 'E'}. {one.family}"),
            (4, lambda: f"{chance.choice(('Dr.', 'Mr.', 'Prof. Dr.', 'Frau'))} {plain}"),
            (4, lambda: f"{plain} ({company})"),
            (2, lambda: f"{plain} - {company} GmbH"),
            (2, lambda: f"{plain} via {company}"),
            (4, plain.upper),
            (3, lambda: f"{one.family} {one.given}"),
            (4, lambda: self._typed_wrong(plain)),
            (3, lambda: f"{one.given[0]}. {one.family}"),
            (2, lambda: ""),
            (8, lambda: f"{SHORT.get(one.given, one.given)} {one.family}"),
        ]
        return chance.choices([way for _, way in ways], [weight for weight, _ in ways])[0]()

    def _letters(self, one: Somebody) -> tuple[str, str]:
        out = self.chance.random() < 0.5
        given, family = in_ascii(one.given, written_out=out), in_ascii(one.family, written_out=out)
        return given or self.chance.choice(_WORDS), family or self.chance.choice(_WORDS)

    def _in_latin(self, one: Somebody) -> str:
        everyday = self.chance.random() < 0.5
        given, family = in_latin(one.given, everyday=everyday), in_latin(one.family, everyday=everyday)
        if given != one.given:
            return f"{given} {family}"
        return f"{in_ascii(given, written_out=everyday)} {in_ascii(family, written_out=everyday)}".title()

    def _typed_wrong(self, name: str) -> str:
        at = self.chance.randrange(1, len(name) - 2)
        if " " in name[at : at + 2]:
            return name
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def made(seed: int = 5, people: int = 4000) -> World:
    """Return that many people with their contacts, and a quarter as many hard cases of each kind below."""
    maker = Maker(seed)
    for _ in range(people):
        _person(maker, maker.somebody())
    for hard in (_namesakes, _family, _colleagues, _look_alikes, _generations, _turned_names, _numbered):
        for _ in range(people // 40):
            for one in hard(maker):
                maker.write(one)
    return maker.world


def _person(maker: Maker, one: Somebody) -> None:
    """Write down somebody with one to four contacts."""
    chance, plain = maker.chance, maker.spelt
    name = f"{one.given} {one.family}" if in_ascii(one.given) else f"{one.family}{one.given}"
    phone = f"+49 {chance.randrange(100, 999)} {chance.randrange(1000000, 9999999)}"
    kind = chance.choices(
        ("one", "home", "alias", "job", "free", "handle", "phone", "many"), (50, 20, 9, 7, 4, 3, 2, 5)
    )[0]
    if kind == "one":
        maker.write((plain(one), maker.work(one) if chance.random() < 0.6 else maker.free(one), ""))
    elif kind == "home":
        maker.write((name, maker.work(one), ""), (plain(one), maker.free(one), ""))
    elif kind == "alias":
        maker.write((name, maker.work(one), ""), (plain(one), maker.work(one).replace("@", "@mail."), ""))
    elif kind == "job":
        maker.write((name, maker.work(one), ""), (plain(one), _elsewhere(maker, one), ""))
    elif kind == "free":
        maker.write((name, maker.free(one), ""), (plain(one), maker.free(one), ""))
    elif kind == "handle":
        local = f"{chance.choice(_WORDS)}{chance.choice(_WORDS)}{chance.randrange(10, 99)}"
        maker.write((name, f"{local}@gmail.com", ""), (plain(one), f"{local}@yahoo.com", ""))
    elif kind == "phone":
        maker.write(
            (name, maker.free(one), phone), (plain(one), _elsewhere(maker, one), phone.replace(" ", ""))
        )
    else:
        maker.write(
            (name, maker.work(one), ""), (plain(one), maker.free(one), ""), (plain(one), maker.work(one), "")
        )


def _elsewhere(maker: Maker, one: Somebody) -> str:
    return maker.work(Somebody(one.given, one.family, maker.company()))


# -- people who are not one: each yields one contact a person -------------------------------------------


def _namesakes(maker: Maker) -> Iterator[tuple[str, str, str]]:
    """Two of one common name, at free-mail hosts or in companies of their own."""
    language = maker.chance.choice(LANGUAGES)
    given, family = maker.chance.choice(language.given[:6]), maker.chance.choice(language.common)
    for _ in range(2):
        one = maker.somebody(given, family)
        name = f"{given} {family}" if in_ascii(given) else f"{family}{given}"
        yield name, maker.free(one) if maker.chance.random() < 0.7 else maker.work(one), ""


def _family(maker: Maker) -> Iterator[tuple[str, str, str]]:
    """Three of one family: a domain or a telephone of their own, the same surname."""
    language = maker.chance.choice(LANGUAGES[:-1])
    givens = maker.chance.sample(language.given, 3)
    family, phone = maker.family(language, *givens), f"030 {maker.chance.randrange(1000000, 9999999)}"
    home = f"{in_ascii(family)}.example.net"
    for given in givens:
        yield f"{given} {family}", f"{in_ascii(given)}@{home}", phone


def _colleagues(maker: Maker) -> Iterator[tuple[str, str, str]]:
    """Two colleagues of one surname, and one with the given name of the first."""
    language = maker.chance.choice(LANGUAGES[:-1])
    (first, second), company = maker.chance.sample(language.given, 2), maker.company()
    family = maker.family(language, first, second)
    for given, surname in ((first, family), (second, family), (first, maker.family(language, first))):
        one = maker.somebody(given, surname, company)
        yield f"{given} {surname}", maker.work(one), ""


def _look_alikes(maker: Maker) -> Iterator[tuple[str, str, str]]:
    """Two whose given names differ by a letter or two, of one family or company."""
    language = maker.chance.choice(LANGUAGES[:-1])
    pair, company = maker.chance.choice(LOOK_ALIKES), maker.company()
    family = maker.family(language, *pair)
    for given in pair:
        yield f"{given} {family}", maker.work(maker.somebody(given, family, company)), ""


def _generations(maker: Maker) -> Iterator[tuple[str, str, str]]:
    """Father and son of one name, in one firm."""
    one = maker.somebody(company=maker.company())
    while not in_ascii(one.given):
        one = maker.somebody()
    for mark in (" Sr.", maker.chance.choice((" Jr.", ", Jr."))):
        yield f"{one.given} {one.family}{mark}", maker.work(one), ""


def _turned_names(maker: Maker) -> Iterator[tuple[str, str, str]]:
    """Martin Thomas and Thomas Martin."""
    company = maker.company()
    first, second = maker.turned.pop() if maker.turned else ("", "")
    for given, family in ((first, second), (second, first)) if first else ():
        yield f"{given} {family}", maker.work(maker.somebody(given, family, company)), ""


def _numbered(maker: Maker) -> Iterator[tuple[str, str, str]]:
    """Two of one common name in one large company, told apart by a number."""
    language = maker.chance.choice(LANGUAGES[:-1])
    given, family, company = language.given[0], maker.chance.choice(language.common), maker.company()
    for number in ("", "2"):
        yield f"{given} {family}", f"{in_ascii(given)}.{in_ascii(family)}{number}@{company}", ""
