"""The people, robots and lists of the measured mailbox, and how their names are written in headers."""

from __future__ import annotations

import base64
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

PEOPLE = 7300
ROBOTS = 640
LISTS = 60

_FIRST = """
Ada Alan Amélie Anders Aneta Anna Ben Björn Carla Chidi Chloé Clara Dara David Elena Eli Emma Erik Fatima
Felix Françoise Gita Grace Günther Hana Hugo Ines Irina Ivan Jakub Jane Joanna João Jürgen Kai Karin Lars
Léa Li Lucía Łukasz Mara Marek Maria Max Mei Mila Nadia Noah Olga Olivia Omar Paula Per Priya Renée Rosa
Sam Sofia Søren Tara Theo Tom Uma Viktor Wanda Yusuf Zoë
""".split()  # noqa: SIM905  (words are read more easily so)
_LAST = """
Adams Almeida Andersson Baker Bauer Becker Bélanger Berg Bianchi Brandt Brown Carter Castro Chen Clark
Conti Cruz Dahl Dąbrowska Dubois Duval Eriksen Evans Faber Ferrari Fischer Foster Fournier Garcia Gómez
Graf Gruber Haas Hansen Harris Hoffmann Holm Horvat Huang Ibsen Ito Jansen Jensen Jones Kaya Keller Khan
Kim Klein Kovács Kowalski Krüger Lang Lee Lindgren López Martin Mayer Meyer Miller Moreau Müller Nagy
Nakamura Neumann Nguyen Novák Nowak Nuñez Olsen Ortiz Park Patel Pérez Petrov Poulsen Quinn Reed Ricci
Rivera Romano Rossi Russo Sato Schäfer Schmidt Schneider Silva Smith Sørensen Szabó Tanaka Taylor Thomas
Tóth Turner Ueda Varga Vogel Wagner Walker Weber White Wójcik Wolf Wright Yamada Yilmaz Young Zhang
Ziegler
""".split()  # noqa: SIM905
_OTHER_SCRIPTS = ("山田太郎", "李小龙", "김민준", "Мария Иванова", "Γιώργος Παππάς", "אבי כהן", "ليلى حسن")
_COMPANIES = """
acorn alder anvil aster basalt beacon birch brook canvas cedar cinder cobalt coral delta drift ember
fable fern flint forge garnet grove harbor hazel heron indigo iris jasper juniper kestrel lark laurel
linden lotus maple meadow mica north oak olive onyx opal orchid otter pearl pine plover quartz quill
raven reed ridge river rowan sage slate sparrow spruce stone summit tern thistle topaz umber vale violet
walnut willow wren yarrow zephyr
""".split()  # noqa: SIM905
_ENDINGS = ("example", "example.com", "example.org", "example.net")
_ROBOT_NAMES = (
    "News",
    "Shop",
    "Billing",
    "Notifications",
    "Team",
    "Updates",
    "Service",
    "Kundenservice für Sie",
)
_ROBOT_LOCALS = ("noreply", "no-reply", "news", "newsletter", "notifications", "billing", "info", "updates")
_TOPICS = ("dev", "users", "announce", "choir", "board", "ops", "talk", "patches", "book-club", "neighbours")
#: Letters that stand for themselves in a "Q" word in a display name (RFC 2047 §5 (3)).
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which an address is written in a header."""

    written: str
    #: As a person reads it; empty when there is none.
    name: str
    #: In lower case.
    address: str


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody with the forms in use; the usual one first."""

    forms: tuple[Form, ...]

    def form(self, draw: float) -> Form:
        """Return a form by a number from 0 to 1: mostly the usual one."""
        return self.forms[0 if draw < 0.85 else int(draw * 1000) % len(self.forms)]


@dataclass(frozen=True, slots=True)
class MailingList:
    """A mailing list with its header lines."""

    party: Party
    bounces: Form
    headers: tuple[str, ...]
    #: It sets Reply-To to itself.
    replies_to_list: bool


def people(rng: random.Random) -> list[Party]:
    """Return people with unique addresses, a good fifth of them with names beyond ASCII."""
    taken: set[str] = set()
    return [_person(rng, taken) for _ in range(PEOPLE)]


def robots(rng: random.Random) -> list[Party]:
    """Return senders of newsletters and notifications."""
    found = []
    for number in range(ROBOTS):
        company = rng.choice(_COMPANIES)
        address = f"{rng.choice(_ROBOT_LOCALS)}@m{number}.{company}.{rng.choice(_ENDINGS)}"
        name = f"{company.capitalize()} {rng.choice(_ROBOT_NAMES)}"
        found.append(Party((_form(rng, name, address), Form(address, "", address))))
    return found


def mailing_lists(rng: random.Random) -> list[MailingList]:
    """Return mailing lists."""
    found = []
    for number in range(LISTS):
        local, domain = f"{rng.choice(_TOPICS)}-{number}", f"lists.{rng.choice(_COMPANIES)}.example.org"
        address = f"{local}@{domain}"
        bounces = f"{local}-bounces@{domain}"
        page, command = f"https://{domain}/{local}", f"mailto:{local}-request@{domain}?subject=unsubscribe"
        headers = (
            f"List-Id: {local.capitalize()} list <{local}.{domain}>",
            f"List-Post: <mailto:{address}>",
            f"List-Unsubscribe: <{page}>,\r\n <{command}>",
            "Precedence: list",
        )
        forms = (Form(address, "", address), _form(rng, local, address))
        sender = Form(f'"{local}" <{bounces}>', local, bounces)
        found.append(MailingList(Party(forms), sender, headers, replies_to_list=number % 3 == 0))
    return found


def _person(rng: random.Random, taken: set[str]) -> Party:
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    name = rng.choice(_OTHER_SCRIPTS) if rng.random() < 0.04 else f"{first} {last}"
    domain = f"{rng.choice(_COMPANIES)}.{rng.choice(_ENDINGS)}"
    local = rng.choice(("{0}.{1}", "{0}", "{1}", "{0}_{1}", "{0}{1}")).format(_ascii(first), _ascii(last))
    address = f"{local}@{domain}"
    while address in taken:
        address = f"{local}{rng.randrange(10, 100_000)}@{domain}"
    taken.add(address)
    usual = rng.random()
    forms = [_form(rng, name, address), Form(address, "", address), _form(rng, name, address)]
    if " " in name:
        turned = ", ".join(reversed(name.split(" ", 1)))
        forms.append(_form(rng, turned, address))
    if usual < 0.12:
        forms[0], forms[-1] = forms[-1], forms[0]
    elif usual < 0.22:
        forms[0], forms[1] = forms[1], forms[0]
    return Party(tuple(forms))


def _form(rng: random.Random, name: str, address: str) -> Form:
    written = address
    if rng.random() < 0.05:  # some write capitals, and mean the same address
        written = written.title()
    phrase = _phrase(rng, name)
    return Form(f"{phrase} <{written}>", name, address)


def _phrase(rng: random.Random, name: str) -> str:
    """Write a display name as real clients do."""
    if name.isascii():
        return f'"{name}"' if "," in name or rng.random() < 0.4 else name
    draw = rng.random()
    if draw < 0.45:
        return _q_word(name, "UTF-8")
    if draw < 0.85 or not _fits(name, "iso-8859-1"):
        words = [name[:9], name[9:]] if len(name) > 14 else [name]
        # an encoded word is at most 75 characters long: a long name takes two, on a line each
        return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(word.encode()).decode()}?=" for word in words)
    return _q_word(name, "iso-8859-1")


def _q_word(name: str, charset: str) -> str:
    octets = name.encode(charset)
    text = "".join("_" if one == 32 else chr(one) if one in _PLAIN else f"={one:02X}" for one in octets)
    return f"=?{charset}?Q?{text}?="


def _fits(name: str, charset: str) -> bool:
    try:
        name.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _ascii(word: str) -> str:
    return unicodedata.normalize("NFKD", word.lower()).encode("ascii", "ignore").decode()


def cumulative_zipf(count: int) -> Sequence[float]:
    """Return running totals of 1/rank, for `random.choices`."""
    total, totals = 0.0, []
    for rank in range(1, count + 1):
        total += 1 / rank
        totals.append(total)
    return totals
