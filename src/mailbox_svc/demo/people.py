"""The cast of the sample mailbox: who writes to Alice, whom she answers, which machines mail her.

Every address is in a reserved domain, or too long to exist (Gmail takes at most 30 characters).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A human being in Alice's life."""

    name: str
    address: str
    #: How many conversations there are with this person.
    threads: int
    #: Whether Alice answers.
    answered: bool = True
    #: Other (name, address) spellings of the same person, taken in turn.
    also: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """A machine, newsletter or list that sends on its own."""

    name: str
    address: str
    count: int
    subjects: tuple[str, ...]
    headers: tuple[tuple[str, str], ...] = ()


ALICE = Person("Alice Example", "alice@example.test", 0)
#: Alice writes from these too: an alias with a plus tag and her address at work.
ALICE_ALIASES = (
    Person("Alice E.", "alice+shop@example.test", 0),
    Person("Alice Example (Aurora)", "a.example@aurora.example", 0),
)

PEOPLE = (
    Person("Zoë Müller", "zoe.mueller@example.org", 7, also=(("Zoe Mueller", "Zoe.Mueller@Example.ORG"),)),
    Person("Иван Петров", "ivan.petrov@primer.example", 4),
    Person("田中 花子", "hanako.tanaka@nihon.example", 4),
    Person("محمد علي", "m.ali@souk.example", 2),
    Person("יעל כהן", "yael@cohen.example", 3),
    Person("김민준", "minjun.kim@hangang.example", 2),
    Person("Ελένη Παπαδοπούλου", "eleni@papadopoulou.example", 2),
    Person("Nguyễn Văn An", "an.nguyen@example.com", 3),
    Person("अनन्या शर्मा", "ananya.sharma@bharat.example", 2),
    Person("Łukasz Żółć", "lukasz@zolc.example", 3, also=(("Lukasz Zolc", "lukasz.zolc@aurora.example"),)),
    Person("O'Brien, Patrick", "patrick.obrien@example.net", 3, also=(("Pat", "pat@obrien.example"),)),
    Person("José Ángel Núñez", "jose.nunez@example.com", 2),
    Person("Jürgen Groß", "juergen@xn--bcher-kva.example", 2),
    Person("Dr. Mary-Jane Watson, PhD", "mj.watson@clinic.example", 2),
    Person("Søren Kierkegård", "soren@example.org", 2),
    Person("Carla Fontaine", "carla.fontaine.sample.mailbox.svc.demo@gmail.com", 3,
           also=(("Carla F.", "carlafontaine.sample.mailbox.svc.demo+tickets@googlemail.com"),)),
    Person("Bob Builder", "bob@aurora.example", 6, also=(("Builder, Bob", "BOB@aurora.example"),)),
    Person("Priya Natarajan", "priya@aurora.example", 5),
    Person("Tom", "tom@aurora.example", 4),
    Person("", "grandma.rose@example.net", 3),
    Person("Sam Rivers", "sam.rivers@example.org", 2),
    # They write; she never answers.
    Person("Rick Salesman", "rick@leads.example", 3, answered=False),
    Person("Nadia Recruiter", "nadia@headhunters.example", 2, answered=False),
)  # fmt: skip

#: She writes to nobody here; behind it are people all the same.
OFFICE = Person("Bürgeramt Beispielstadt", "info@buergeramt.example", 1, answered=False)

#: Role addresses that a person stands behind: Alice wrote to them.
ROLES = (
    Person("Example Store Support", "support@store.example", 2),
    Person("Hausverwaltung Info", "info@hausverwaltung.example", 2),
)

NEWSLETTERS = (
    Sender(
        "Rust & Snakes Weekly", "newsletter@rustandsnakes.example", 16,
        ("Issue {n}: borrow checkers and garbage", "Issue {n}: what is new in asyncio"),
        (("List-Id", "Rust & Snakes Weekly <weekly.rustandsnakes.example>"),
         ("List-Unsubscribe", "<https://rustandsnakes.example/u/{n}>, <mailto:leave@rustandsnakes.example>"),
         ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"), ("Precedence", "bulk")),
    ),
    Sender(
        "Museum für Gestaltung", "post@museum.example", 10,
        ("Neue Ausstellung: Plakate {n}", "Führung am Sonntag: noch {n} Plätze"),
        (("List-Unsubscribe", "<https://museum.example/abmelden?id={n}>"),),
    ),
    Sender(
        "Jane at TinyStartup", "jane@tinystartup.example", 8,
        ("Alice, quick question about your roadmap", "We shipped {n} things"),
        (("List-Unsubscribe", "<mailto:u-{n}@tinystartup.example>"), ("Precedence", "bulk")),
    ),
    Sender(
        "東京カフェだより", "info@cafe-dayori.example", 6, ("今月のおすすめ {n}",),
        (("List-Id", "<dayori.cafe-dayori.example>"), ("List-Unsubscribe", "<https://cafe-dayori.example/{n}>")),
    ),
)  # fmt: skip

ROBOTS = (
    Sender("Example Store", "no-reply@store.example", 14,
           ("Your order #{n} has shipped", "Invoice {n}"), (("Auto-Submitted", "auto-generated"),)),
    Sender("CI", "builds@ci.aurora.example", 20,
           ("[aurora] build {n} passed", "[aurora] build {n} failed"),
           (("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All"))),
    Sender("Code Forge", "notifications@forge.example", 16,
           ("[aurora/core] Harvest: resume after a cut (#{n})", "Re: [aurora/core] Flaky test (#{n})"),
           (("List-Id", "aurora/core <core.aurora.forge.example>"), ("Precedence", "list"),
            ("Reply-To", "reply+{n}ab@reply.forge.example"))),
    Sender("Bank of Examples", "donotreply@bank.example", 8,
           ("Your statement {n} is ready", "New login to your account"),
           (("Auto-Submitted", "auto-generated"),)),
    Sender("Ortsbus", "noreply@ortsbus.example", 5, ("Ihr Fahrschein Nr. {n}",), ()),
    Sender("Alarm", "root@nas.example.test", 6, ("Cron <root@nas.example.test> backup {n}",),
           (("Auto-Submitted", "auto-generated"), ("Precedence", "junk"))),
)  # fmt: skip

#: Machines that nothing but a name gives away: one speaks of itself, the other for people Alice knows.
NAMED_ROBOTS = (
    Sender("Wetter-Newsletter", "wetter@himmel.example", 5, ("Ihr Wetter, Ausgabe {n}",)),
    Sender("Priya Natarajan via Pinboard", "pins@pinboard.example", 4, ("Priya shared pin {n} with you",)),
)

#: Mailing lists where people talk; Alice posts on the first.
LISTS = (
    Sender("aurora-dev", "aurora-dev@lists.example.org", 26,
           ("[aurora-dev] roadmap, part {n}", "[aurora-dev] naming of things ({n})"),
           (("List-Id", "Aurora development <aurora-dev.lists.example.org>"),
            ("List-Post", "<mailto:aurora-dev@lists.example.org>"),
            ("List-Unsubscribe", "<mailto:aurora-dev-leave@lists.example.org>"), ("Precedence", "list"))),
    Sender("choir", "choir@lists.example.net", 12, ("[choir] rehearsal {n}", "[choir] who can bring cake?"),
           (("List-Id", "<choir.lists.example.net>"), ("List-Post", "<mailto:choir@lists.example.net>"),
            ("Precedence", "list"))),
)  # fmt: skip

#: People who are seen on the lists only.
LIST_POSTERS = (
    ("Erika Mustermann", "erika@example.org"),
    ("Chidi Anagonye", "chidi@ethics.example"),
    ("Małgorzata Nowak", "gosia@nowak.example"),
    ("李小龙", "xiaolong@dojo.example"),
    ("Björk Guðmundsdóttir", "bjork@ice.example"),
    ("Max Power", "max@power.example"),
)

TOPICS = (
    ("Lunch on Thursday?", "The new place by the river has a table at noon. Shall I take it?"),
    ("Notes from the meeting", "Attached in my head only, so here in words: we ship on the 14th."),
    ("Photos from the lake", "The one with the dog is for the wall, I think."),
    ("Can you review this?", "It is forty lines and one opinion. The opinion is the long part."),
    ("Train times", "The 8:02 is direct, the 8:17 is not. I would take the 8:02."),
    ("Birthday on Saturday", "Bring nothing but a song. Parking is a rumour."),
    ("Budget, second try", "I moved the coffee to the right column, now it adds up."),
    ("Re-reading your draft", "Page three is the best. Could it be page one?"),
    ("Keys", "They are with the neighbour, third floor, the door with the bicycle."),
    ("Recipe you asked for", "Two onions, more garlic than you dare, and an hour of patience."),
    ("Outage on Tuesday", "It was DNS. It is always DNS. The post-mortem is one page."),
    ("Concert tickets", "Row 12, both on the aisle. You owe me an ice cream."),
)
ANSWERS = (
    "Yes, gladly.",
    "I will look at it tonight and write back tomorrow.",
    "Thank you! That settles it.",
    "Not this week, sorry. The week after?",
    "Agreed. Let us do it.",
    "Good point, I had not thought of that.",
)
