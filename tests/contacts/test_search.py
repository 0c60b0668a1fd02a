from __future__ import annotations

import pytest

from mailbox_svc.contacts.search import fold, sort_key, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Jane  DOE", "jane doe"),
        ("Zoë Ångström", "zoe angstrom"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Łukasz Żółć", "lukasz zolc"),
        ("Søren Ærø", "soren aero"),
        ("İbrahim Işık", "ibrahim isik"),  # noqa: RUF001  (Turkish)
        ("Đorđe", "dorde"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("Ёлкин", "елкин"),
        ("ﬁre", "fire"),
        ("Ｊａｎｅ", "jane"),  # noqa: RUF001  (full width)
        ("Jane\u00a0Doe", "jane doe"),
        ("e\u0301", "e"),
        ("", ""),
    ],
)
def test_folding_takes_case_and_accents_away(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


@pytest.mark.parametrize("text", ["がぎぐ", "한국어", "हिन्दी", "ไทย"])
def test_marks_that_make_another_letter_stay(text: str) -> None:
    assert fold(text) == text


def test_a_query_becomes_its_words_each_once_without_stray_marks() -> None:
    assert words('  Doe, "Jané" jane  ') == ("doe", "jane")
    assert words(" , ") == ()
    assert words("jane.doe@Example.ORG") == ("jane.doe@example.org",)


def test_contacts_sort_by_name_then_address_without_case_and_accents() -> None:
    people = [
        ("", "bob@example.org"),
        ("Ann B", "a@example.org"),
        ("Ånn", "z@example.org"),
        ("ann", "y@example.org"),
        ('"Carl"', "a@example.org"),
    ]
    ordered = sorted(people, key=lambda person: sort_key(*person))
    assert [address for _, address in ordered] == [
        "y@example.org",
        "z@example.org",
        "a@example.org",
        "bob@example.org",
        "a@example.org",
    ]
