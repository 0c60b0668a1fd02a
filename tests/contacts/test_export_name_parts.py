"""Names are taken apart where that is safe, and left whole where it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.contacts.name_parts import NameParts, name_parts


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Anna Berg", NameParts("Berg", "Anna")),
        ("Anna Maria Berg", NameParts("Berg", "Anna Maria")),
        ("Anna van der Berg", NameParts("van der Berg", "Anna")),
        ("Maria De Luca", NameParts("De Luca", "Maria")),
        ("Ana Costa e Silva", NameParts("e Silva", "Ana Costa")),
        ("Mary E. Smith", NameParts("Smith", "Mary E.")),
        ("John Y Smith", NameParts("Smith", "John Y")),
        ("Van Morris", NameParts("Morris", "Van")),
        ("Dr. Anna Berg", NameParts("Berg", "Anna", "Dr.")),
        ("Prof. Dr. Berg", NameParts("Berg", "", "Prof. Dr.")),
        ("John Smith Jr.", NameParts("Smith", "John", "", "Jr.")),
        ("John Smith, Ph.D.", NameParts("Smith", "John", "", "Ph.D.")),
        ("Jane Doe, RN", NameParts("Doe", "Jane", "", "RN")),
        ("Jane Doe, M.Sc., CFA", NameParts("Doe", "Jane", "", "M.Sc., CFA")),
        ("Li Na Ma", NameParts("Ma", "Li Na")),
        ("Berg, Anna", NameParts("Berg", "Anna")),
        ("Berg, Anna, x", NameParts("", "Berg, Anna, x")),
        ("田中 太郎", NameParts("田中", "太郎")),
        ("김 철수", NameParts("김", "철수")),
        ("王小明", NameParts("", "王小明")),
        ("Мария Иванова", NameParts("Иванова", "Мария")),
        ("Anna", NameParts("", "Anna")),
        ("Dr.", NameParts("", "Dr.")),
        ("Jr.", NameParts("", "Jr.")),
        ("Anna Berg (Example Ltd)", NameParts("", "Anna Berg (Example Ltd)")),
        ("anna@example.org", NameParts("", "anna@example.org")),
        ("The Very Long Name Of A Club", NameParts("", "The Very Long Name Of A Club")),
        ("", NameParts()),
    ],
)
def test_a_name_is_taken_apart(name: str, parts: NameParts) -> None:
    assert name_parts(name) == parts


@given(
    st.lists(st.sampled_from(["Anna", "Berg", "van", "Dr.", "Jr.", "太郎", ",", "Berg,", "(x)"])).map(
        " ".join
    )
)
def test_no_word_of_a_name_is_lost_or_doubled(name: str) -> None:
    parts = name_parts(name)
    again = f"{parts.prefix} {parts.given} {parts.family} {parts.suffix}"
    assert sorted(again.replace(",", " ").split()) == sorted(name.replace(",", " ").split())
