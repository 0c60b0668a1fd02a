"""Rows and their lines, from good and broken JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.mailboxes.json_rows import BadText, Row, rows


def summary(text: str) -> list[tuple[int, str, object]]:
    return [
        (r.line, r.user_id, r.value) if isinstance(r, Row) else (r.line, "BAD", r.reason) for r in rows(text)
    ]


def test_an_object_on_one_line() -> None:
    assert summary('{"u1": [1, 2], "u2": [3]}') == [(1, "u1", 1), (1, "u1", 2), (1, "u2", 3)]


def test_a_pretty_object_gives_each_row_its_own_line() -> None:
    text = json.dumps({"u1": [{"a": 1}, {"a": 2}], "u2": [{"a": 3}]}, indent=2)
    assert [(line, user) for line, user, _ in summary(text)] == [(3, "u1"), (6, "u1"), (11, "u2")]


def test_json_lines_with_blank_lines_and_windows_line_ends() -> None:
    assert summary('\ufeff{"u1": [1]}\r\n\r\n{"u2": [2]}\r\n') == [(1, "u1", 1), (3, "u2", 2)]


def test_a_broken_line_costs_only_itself() -> None:
    text = '{"u1": [1]}\n{"u2": [2, }\n{"u3": [3]}\n'
    found = summary(text)
    assert found[0] == (1, "u1", 1)
    assert found[-1] == (3, "u3", 3)
    assert [line for line, user, _ in found if user == "BAD"] == [2]


@pytest.mark.parametrize(
    "text",
    ["[1]", '{"u1": 5}', "{5: []}", '{"u1": [1] "u2"}', "hello", '{"u1": [', '{"u1": [1 2]}', "{", '{"u1"}'],
)
def test_what_is_not_the_shape_is_reported_on_its_line(text: str) -> None:
    bad = [r for r in rows(text) if isinstance(r, BadText)]
    assert [b.line for b in bad] == [1]


def test_a_user_named_twice_keeps_both_arrays() -> None:
    assert summary('{"u1": [1], "u1": [2]}') == [(1, "u1", 1), (1, "u1", 2)]


def test_deep_nesting_and_huge_numbers_are_bad_text_not_a_crash() -> None:
    for text in ('{"u": [' + "[" * 100_000 + "]}", '{"u": [' + "9" * 5_000 + "]}"):
        assert [type(r) for r in rows(text)] == [BadText]


def test_a_row_does_not_print_its_value() -> None:
    (row,) = rows('{"u": [{"password": "CANARY-row"}]}')
    assert "CANARY" not in repr(row)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), st.lists(_json, max_size=4), max_size=4), st.sampled_from([None, 1, 4]))
def test_every_row_of_valid_json_is_found(data: dict[str, list[object]], indent: int | None) -> None:
    found = [(r.user_id, r.value) for r in rows(json.dumps(data, indent=indent)) if isinstance(r, Row)]
    assert found == [(user, value) for user, values in data.items() for value in values]


@given(st.text(alphabet='{}[]",:\n 1a', max_size=60))
def test_any_text_ends_without_an_exception(text: str) -> None:
    for row in rows(text):
        assert row.line >= 1
