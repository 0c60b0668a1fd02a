"""Made-up contacts of another origin than `made_people`: a second opinion.

Names, words, hosts of companies and of free mail, and telephone numbers are Faker's, with its frequencies; so
namesakes come about by chance, as in life: more often, in fact, since Faker knows the frequent names only.
The same seed makes the same people.
"""

# ruff: noqa: RUF001  (letters that resemble others are the point)

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from faker import Faker

from mailbox_svc.model.contact import Kind
from mailbox_svc.model.duplicate import Candidate
from quality.made_people import World

_EUROPE = {
    "en_GB": 16, "de_AT": 10, "fr_FR": 10, "fr_CH": 4, "it_IT": 12, "nl_NL": 9, "sv_SE": 10, "fi_FI": 6,
    "cs_CZ": 5, "hr_HR": 5, "es_MX": 8, "en_IN": 5, "uk_UA": 5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Country:
    """Where the contacts of a user live."""

    #: Faker's locales, and how many of a hundred people are of each.
    locales: Mapping[str, int]
    #: The share of family names that come from elsewhere: Faker has the most frequent ones only.
    immigrants: float


COUNTRIES = {
    "american": Country({"en_US": 100}, 0.5),
    "nordic": Country({"sv_SE": 60, "fi_FI": 40}, 0.4),
    "european": Country(_EUROPE, 0.0),
    # Not looked at while the rules were written.
    "unseen": Country({"nl_BE": 34, "es_CO": 33, "en_NZ": 33}, 0.3),
}
_NO_MARKS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ß": "ss", "æ": "ae", "ı": "i"})
#: Ukrainian passports (resolution 55 of 2010) and Bulgarian law (2009), for addresses and Latin spellings.
_CYRILLIC = dict(
    zip(
        "абвгґдежзиійклмнопрстуфцчшщюяєїьъхы",
        "a b v h g d e zh z y i i k l m n o p r s t u f ts ch sh shch iu ia ie i _ a kh y".split(),  # noqa: SIM905
        strict=True,
    )
) | {"'": "", "’": ""}
_COMPANIES = 260


@dataclass(frozen=True, slots=True)
class _Somebody:
    locale: str
    given: str
    family: str
    company: str

    @property
    def letters(self) -> tuple[str, str]:
        """The given and the family name as addresses have them."""
        return _ascii(self.given), _ascii(self.family)


class _Maker:
    def __init__(self, seed: int, country: Country) -> None:
        self.chance = random.Random(seed)
        self.country = country
        self.fakers = {locale: Faker(locale) for locale in (*_EUROPE, *country.locales)}
        for at, faker in enumerate(self.fakers.values()):
            faker.seed_instance(1000 * seed + at)
        domains = self.fakers["en_GB"]
        self.companies = [(_domain(domains), domains.company()) for _ in range(_COMPANIES)]
        self.world = World()
        self._taken: set[str] = set()
        self._people = 0

    def somebody(self, locale: str = "", family: str = "") -> _Somebody:
        locales = self.country.locales
        locale = locale or self.chance.choices(list(locales), list(locales.values()))[0]
        faker = self.fakers[locale]
        if not family and self.chance.random() < self.country.immigrants:
            family = _plain(self.fakers[self.chance.choice(list(_EUROPE))].last_name_male())
        # of one gender, since family names have one in some languages
        if self.chance.random() < 0.5:
            given, family = faker.first_name_male(), family or faker.last_name_male()
        else:
            given, family = faker.first_name_female(), family or faker.last_name_female()
        return _Somebody(locale, given, family, self.chance.choice(self.companies)[0])

    def elsewhere(self, one: _Somebody) -> _Somebody:
        """Return the same person after a change of job."""
        return _Somebody(one.locale, one.given, one.family, self.chance.choice(self.companies)[0])

    def write(self, *contacts: tuple[tuple[str, ...], str, str]) -> None:
        """Write one person down: names, address and telephone number for each contact."""
        self._people += 1
        for names, address, phone in contacts:
            if address in self._taken:
                continue  # the same contact, or somebody else's address
            self._taken.add(address)
            contact = f"{self.chance.getrandbits(48):012x}"
            self.world.who[contact] = self._people
            self.world.candidates.append(
                Candidate(contact, tuple(filter(None, names)), (address,), Kind.PERSON, "", phone, 2)
            )

    # -- how names and addresses are written ------------------------------------------------------------

    def work(self, one: _Somebody) -> str:
        given, family = one.letters
        shapes = {
            f"{given}.{family}": 50, f"{given[:1]}{family}": 22, given: 8, f"{given}{family[:1]}": 6,
            f"{given}_{family}": 4, f"{family}{given[:1]}": 5, f"{given[:1]}{family[:1]}": 5,
        }  # fmt: skip
        return f"{self._one_of(shapes)}@{one.company}"

    def free(self, one: _Somebody) -> str:
        given, family = one.letters
        faker = self.fakers[one.locale]
        number = str(self.chance.choice((self.chance.randrange(1, 99), self.chance.randrange(1950, 2010))))
        nick = f"{_ascii(self.fakers['en_GB'].word())}{self.chance.choice(('', '_', '-'))}"
        shapes = {
            f"{given}.{family}": 28, f"{given}{family}": 20, f"{given}{family}{number}": 12,
            f"{given[:1]}{family}": 10, f"{given}.{family}{number}": 8, f"{family}.{given}": 6,
            f"{given}_{family}": 5, f"{given}{number}": 4, f"{nick}{number}": 7,
        }  # fmt: skip
        return f"{self._one_of(shapes)}@{faker.free_email_domain()}"

    def full(self, one: _Somebody) -> str:
        return f"{one.given} {one.family}"

    def spelt(self, one: _Somebody) -> str:
        """Return the name as some other mailer has it."""
        plain, company = self.full(one), dict(self.companies)[one.company]
        faker = self.fakers[one.locale]
        latin = " ".join(map(_ascii, plain.replace("-", " ").split()))
        ways: dict[str, tuple[int, Callable[[], str]]] = {
            "plain": (52, lambda: plain),
            "comma": (9, lambda: f"{one.family}, {one.given}"),
            "unmarked": (10, latin.title),
            "small": (4, plain.lower),
            "second": (6, lambda: f"{one.given} {faker.first_name()} {one.family}"),
            "letter": (4, lambda: f"{one.given} {faker.first_name()[0]}. {one.family}"),
            "initial": (4, lambda: f"{one.given[0]}. {one.family}"),
            "company": (4, lambda: f"{plain} ({company})"),
            "married": (2, lambda: f"{plain}-{faker.last_name()}"),
            "given": (2, lambda: one.given),
            "none": (3, lambda: ""),
        }
        return self.chance.choices([w[1] for w in ways.values()], [w[0] for w in ways.values()])[0]()

    def _one_of(self, shapes: dict[str, int]) -> str:
        return self.chance.choices(list(shapes), list(shapes.values()))[0] or "x"


def other(country: str, seed: int = 1, people: int = 4000) -> World:
    """Return that many people of a country with one to three contacts each, and hard cases among them."""
    maker = _Maker(seed, COUNTRIES[country])
    for _ in range(people):
        _person(maker, maker.somebody())
    for hard in (_couple, _parent_and_child, _colleagues_of_one_name):
        for _ in range(people // 100):
            hard(maker)
    return maker.world


def _person(maker: _Maker, one: _Somebody) -> None:
    chance, full = maker.chance, (maker.full(one),)
    phone = maker.fakers[one.locale].phone_number()

    def again() -> tuple[str, ...]:
        # some mailers have written it in two ways
        return tuple(dict.fromkeys([maker.spelt(one), *([maker.full(one)] if chance.random() < 0.2 else [])]))

    kinds = {"one": 55, "home": 20, "free": 6, "job": 7, "alias": 6, "phone": 2, "three": 4}
    kind = chance.choices(list(kinds), list(kinds.values()))[0]
    work, free = maker.work(one), maker.free(one)
    if kind == "one":
        maker.write((again(), work if chance.random() < 0.6 else free, ""))
    elif kind == "home":
        maker.write((full, work, ""), (again(), free, ""))
    elif kind == "free":
        maker.write((full, maker.free(one), ""), (again(), free, ""))
    elif kind == "job":
        maker.write((full, work, ""), (again(), maker.work(maker.elsewhere(one)), ""))
    elif kind == "alias":
        host = chance.choice(("mail.", "cs.", "exchange.", ""))
        maker.write((full, work, ""), (again(), maker.work(one).replace("@", f"@{host}"), ""))
    elif kind == "phone":
        maker.write((full, free, phone), (again(), maker.work(one), phone))
    else:
        maker.write((full, work, ""), (again(), free, ""), (again(), maker.work(maker.elsewhere(one)), ""))


# -- people who are not one -----------------------------------------------------------------------------


def _couple(maker: _Maker) -> None:
    """Two of one family name with one telephone, at free-mail hosts."""
    one = maker.somebody()
    phone = maker.fakers[one.locale].phone_number()
    for person in (one, maker.somebody(one.locale, one.family)):
        if person is one or person.given != one.given:
            maker.write(((maker.full(person),), maker.free(person), phone))


def _parent_and_child(maker: _Maker) -> None:
    one = maker.somebody()
    for mark in ("", " Jr."):
        maker.write(((maker.full(one) + mark,), maker.free(one), ""))


def _colleagues_of_one_name(maker: _Maker) -> None:
    """Two whom their company tells apart by a number."""
    one = maker.somebody()
    given, family = one.letters
    for number in ("", "1"):
        maker.write(((maker.full(one),), f"{given}.{family}{number}@{one.company}", ""))


def _domain(faker: Faker) -> str:
    return str(faker.unique.domain_name())


def _plain(name: str) -> str:
    """Return a name as immigrants write it: in Latin letters without marks."""
    return name if name.isascii() else "-".join(map(_ascii, name.split("-"))).title()


def _ascii(name: str) -> str:
    text = "".join(_CYRILLIC.get(letter, letter) for letter in name.lower()).replace("_", "")
    text = unicodedata.normalize("NFKD", text.translate(_NO_MARKS))
    return re.sub("[^a-z]", "", text) or "x"
