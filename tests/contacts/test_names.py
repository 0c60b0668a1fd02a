from __future__ import annotations

import pytest

from mailbox_svc.contacts.names import best_name, cleaned, seen_names
from mailbox_svc.contacts.turning import turned
from mailbox_svc.model.contact import AddressEvidence, Kind, NameUse, ReasonCode

SELF, USER, OTHERS = "by_self", "by_user", "by_others"


def use(name: str, who: str = SELF, count: int = 1, *, last_at: int = 0) -> NameUse:
    return NameUse(name, **{SELF: 0, USER: 0, OTHERS: 0, who: count}, last_at=last_at)


def named(
    *uses: NameUse,
    address: str = "jane.doe@example.org",
    kind: Kind = Kind.PERSON,
    code: ReasonCode = ReasonCode.WROTE_TO_USER,
) -> tuple[str, tuple[str, ...]]:
    evidence = [AddressEvidence(address, address, address, (), uses)]
    return best_name(seen_names(evidence), evidence, kind, code)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Jane Doe", "Jane Doe"),
        ("  Jane \t Doe ", "Jane Doe"),
        ("'Jane Doe'", "Jane Doe"),
        ('"Jane Doe"', "Jane Doe"),
        ("\"'Jane Doe'\"", "Jane Doe"),
        ("„Jane Doe“", "Jane Doe"),
        ("«Jane Doe»", "Jane Doe"),
        ("‘Jane Doe’", "Jane Doe"),  # noqa: RUF001  (the quotes of word processors)
        ("`Jane Doe'", "Jane Doe"),
        ("(Jane Doe)", "Jane Doe"),
        ("<Jane Doe>", "Jane Doe"),
        ("[Jane Doe]", "Jane Doe"),
        ('Jane "JD" Doe', 'Jane "JD" Doe'),
        ("Jane Doe (ACME)", "Jane Doe (ACME)"),
        ("(Jane) Doe (ACME)", "(Jane) Doe (ACME)"),
        ("Jane Doe,", "Jane Doe"),
        ("Jane Doe;", "Jane Doe"),
        (", Jane Doe ;,", "Jane Doe"),
        ('"Jane Doe', "Jane Doe"),
        ('Jane Doe"', "Jane Doe"),
        ("Sinéad O'Brien", "Sinéad O'Brien"),
        ("Jan Hus'", "Jan Hus'"),
        ("Jane\x00 D\u202eoe", "Jane Doe"),
        ("Jane\u200b Doe", "Jane Doe"),
        ("Jane\udc80 \ufeffDoe", "Jane Doe"),
        ("علی\u200cرضا", "علی\u200cرضا"),  # noqa: RUF001  (Persian)
        ("👩\u200d👧 Doe", "👩\u200d👧 Doe"),
        ("Zoe\u0308 Doe", "Zoë Doe"),
        ("Jane Doe Jr.", "Jane Doe Jr."),
        ("", ""),
        (" ,;'' ", ""),
    ],
)
def test_quotes_and_stray_marks_are_taken_off(written: str, name: str) -> None:
    assert cleaned(written) == (name, False)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Jane Doe via Docs", "Jane Doe"),
        ("Jane Doe via LinkedIn", "Jane Doe"),
        ("'Jane Doe' via Choir List", "Jane Doe"),
        ("Jane Doe (via Google Docs)", "Jane Doe"),
        ("Jane Doe (Via Acme Sign)", "Jane Doe"),
        ("Jane Doe [via Acme]", "Jane Doe"),
        ('"Jane Doe via Acme"', "Jane Doe"),
        ("Jane Doe (Google Docs)", "Jane Doe"),
        ("Jane Doe (JIRA)", "Jane Doe"),
        ("Jane Doe (über Google Docs)", "Jane Doe"),
        ("Jane Doe (a través de Google Docs)", "Jane Doe"),
        ("Jane Doe (tramite Documenti Google)", "Jane Doe"),
        ("Doe, Jane via dev", "Doe, Jane"),
        ("Olivia Smith via dev", "Olivia Smith"),
        ("via Acme", ""),
        ("(via Acme)", ""),
    ],
)
def test_what_a_service_added_is_cut_off(written: str, name: str) -> None:
    assert cleaned(written) == (name, True)


@pytest.mark.parametrize(
    "name",
    ["Olivia Smith", "Smith Olivia", "Silvia Via", "Hotel Via Roma", "Via Rail", "Olivia via",
     "Livia (Lia) Poe", "Alles über Hunde", "Jane Doe (Sales)", "Viaduct Ltd", "Octavia", "Jane Über"],
)  # fmt: skip
def test_nothing_is_cut_off_a_name_that_only_looks_like_it(name: str) -> None:
    assert cleaned(name) == (name, False)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Doe, Jane", "Jane Doe"),
        ("Doe,Jane", "Jane Doe"),
        ("DOE, Jane", "Jane DOE"),
        ("Doe, J.", "J. Doe"),
        ("Doe, Jane M.", "Jane M. Doe"),
        ("van der Berg, Jan", "Jan van der Berg"),
        ("van der Berg-de Vries van Dijk, Jan", "Jan van der Berg-de Vries van Dijk"),
        ("García Lorca, Federico", "Federico García Lorca"),
        ("Garcia Lopez, Maria Jose", "Maria Jose Garcia Lopez"),
        ("O'Brien, Sinéad", "Sinéad O'Brien"),
        ("Smith-Jones, Ann", "Ann Smith-Jones"),
        ("Doe, Jane (ACME)", "Jane Doe (ACME)"),
        ("Doe, Jane [EXT]", "Jane Doe [EXT]"),
        ("Doe, Jane, PhD", "Jane Doe, PhD"),
        ("Doe, Jr., John", "John Doe, Jr."),
        ("Doe, John, Jr.", "John Doe, Jr."),
        ("Müller, Eva-Maria", "Eva-Maria Müller"),
        ("Петров, Иван", "Иван Петров"),
        ("Nagy, Zsófia", "Zsófia Nagy"),
    ],
)
def test_last_first_is_turned(written: str, name: str) -> None:
    assert turned(written, ["x@example.org"]) == name


@pytest.mark.parametrize(
    "name",
    ["Acme, Inc.", "Acme, Inc", "Acme Widgets, LLC", "Acme, GmbH", "Acme, S.A.", "Acme Sp. z o.o., Sp. k.",
     "Smith, Jr.", "John Smith, Jr.", "Doe, PhD", "Jane Doe, Ph.D.", "Jane Doe, M.D.", "Jane Doe, MBA",
     "Jane Doe, MBA, PhD", "Jane Doe, RN, MSN", "John Doe, III", "Jane Doe, CPA", "Doe, Esq.",
     "Smith, Jones & Partners", "Bell, Book and Candle", "Jane, Bob, Carl", "Doe, Jane, Sales, Berlin",
     "News, Tips 24", "Sales / Doe, Jane", "Jane Doe", "Doe,", ", Jane", "Help, I need somebody to lean on"],
)  # fmt: skip
def test_what_is_not_last_first_is_not_turned(name: str) -> None:
    assert turned(name, ["x@example.org"]) == name


def test_the_address_tells_a_name_and_company_from_a_long_family_name() -> None:
    assert turned("Jane Doe, Acme", ["jane.doe@example.org"]) == "Jane Doe, Acme"
    assert turned("Jane Doe, Acme", ["office@acme.example"]) == "Jane Doe, Acme"
    assert turned("Doe Roe, Jane", ["jane.doe@example.org"]) == "Jane Doe Roe"


def test_what_the_contact_calls_itself_beats_what_the_user_and_others_write() -> None:
    uses = [use("Jane Doe"), use("Janey", USER, 9), use("Jayne Doe", OTHERS, 99)]
    assert named(*uses) == ("Jane Doe", ("Jayne Doe", "Janey"))
    assert named(*uses[1:]) == ("Janey", ("Jayne Doe",))
    assert named(*uses[2:]) == ("Jayne Doe", ())


def test_the_majority_of_what_it_calls_itself_decides_then_the_user_then_the_latest() -> None:
    family = [use("Jane Doe", count=3, last_at=1), use("John Doe", count=2, last_at=9)]
    assert named(*family)[0] == "Jane Doe"
    assert named(use("Jane Doe"), use("John Doe"), use("John Doe", USER)) == ("John Doe", ("Jane Doe",))
    assert named(use("Jane Doe", last_at=5), use("Jane Roe", last_at=6))[0] == "Jane Roe"


def test_of_two_names_as_frequent_the_one_in_mixed_case_is_no_handle() -> None:
    assert named(use("Jane Doe", last_at=1), use("janie77", last_at=9))[0] == "Jane Doe"


def test_spellings_of_one_name_count_together_and_mixed_case_is_shown() -> None:
    uses = [use("JANE DOE", count=5), use("jane doe", count=4), use("Jane Doe"), use("John Poe", count=6)]
    assert named(*uses) == ("Jane Doe", ("John Poe",))
    assert named(use("JANE DOE")) == ("JANE DOE", ())
    assert named(use("Doe, Jane", count=2), use("'Jane Doe'"), use("Jane Doe via dev")) == ("Jane Doe", ())
    assert named(use("J. Doe", count=2), use("J Doe")) == ("J. Doe", ())


def test_a_spelling_that_was_decoded_beats_a_broken_one_and_accents_beat_none_when_more_frequent() -> None:
    assert named(use("J\ufffdrg Doe", count=9), use("Jörg Doe"))[0] == "Jörg Doe"
    assert named(use("Jörg Doe", count=2), use("Jorg Doe"))[0] == "Jörg Doe"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("jane.doe@example.org", "jane.doe@example.org"),
        ("JANE.DOE@EXAMPLE.ORG", "jane.doe@example.org"),
        ("other@example.net", "jane.doe@example.org"),
        ("Jane @ Acme", "jane.doe@example.org"),
        ("jane.doe", "jane.doe@example.org"),
        ("Jane.Doe", "jane.doe@example.org"),
        ("jane", "jane@example.org"),
        ("jane", "jane+shop@example.org"),
        ("Jane_77", "jane_77@example.org"),
        ("jdoe42", "jdoe42@example.org"),
        ("'jane.doe'", "jane.doe@example.org"),
        ("example.org", "jane@example.org"),
        ("=?utf-8?q?Jane?", "jane@example.org"),
        ("...", "jane@example.org"),
        ("12345", "jane@example.org"),
        ("?????", "jane@example.org"),
        ("\ufffd\ufffd", "jane@example.org"),
    ],
)
def test_an_address_or_what_is_left_of_one_is_no_name(name: str, address: str) -> None:
    assert named(use(name), address=address) == ("", ())


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Jane", "jane@example.org"),
        ("JANE", "jane@example.org"),
        ("Jean-Luc", "jean-luc@example.org"),
        ("花子", "花子@example.jp"),
        ("Jane Doe 2", "jane@example.org"),
        ("7 Sisters", "sisters@example.org"),
        ("Booking.example", "hotels@booking.example"),
    ],
)
def test_a_short_or_odd_name_is_one_nevertheless(name: str, address: str) -> None:
    assert named(use(name), address=address)[0] == name


def test_a_robot_has_no_name_of_the_people_it_writes_for() -> None:
    def robot(*uses: NameUse) -> tuple[str, tuple[str, ...]]:
        return named(
            *uses, address="noreply@docs.acme.example", kind=Kind.AUTOMATED, code=ReasonCode.ROBOT_ADDRESS
        )

    assert robot(use("Jane Doe (via Acme Docs)"), use("John Poe (via Acme Docs)")) == ("", ())
    assert robot(use("Jane Doe")) == ("", ())
    assert robot(use("Acme Docs"), use("Jane Doe", count=4)) == ("Acme Docs", ())
    assert robot(use("Weekly Digest")) == ("Weekly Digest", ())


def test_a_list_has_no_name_of_the_people_who_write_through_it() -> None:
    uses = [use("Jane Doe via Choir", count=9), use("Choir", OTHERS), use("The Choir", USER)]
    got = named(*uses, address="choir@lists.example.org", kind=Kind.LIST, code=ReasonCode.LIST_ADDRESS)
    assert got == ("The Choir", ("Choir",))


def test_only_names_of_people_are_turned() -> None:
    assert named(use("Widgets, Tools"), kind=Kind.ROLE, code=ReasonCode.ROLE_ADDRESS)[0] == "Widgets, Tools"
    assert named(use("Widgets, Tools"))[0] == "Tools Widgets"


def test_at_most_twenty_other_names_are_kept_the_most_frequent_first() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    uses = [use(f"Jane {letter.upper()}oe", OTHERS, count) for count, letter in enumerate(letters, 1)]
    best, others = named(*uses)
    assert best == "Jane Zoe"
    assert others[:2] == ("Jane Yoe", "Jane Xoe")
    assert len(others) == 20


def test_the_order_of_the_evidence_never_matters() -> None:
    uses = [use("Jane Doe"), use("Jane Roe"), use("JANE DOE", USER), use("Doe, Jane", OTHERS)]
    assert len({named(*uses[at:], *uses[:at]) for at in range(len(uses))}) == 1
