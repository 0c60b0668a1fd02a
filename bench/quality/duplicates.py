"""Measures how many of the suggested duplicates are one person, and how many of those are suggested."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mailbox_svc.contacts.duplicates import suggestions
from mailbox_svc.model.address import canonical, match_key
from mailbox_svc.model.contact import Kind
from mailbox_svc.model.duplicate import Candidate, Suggestion
from quality import real_people
from quality.corpus import Row, rows
from quality.made_people import World, made
from quality.other_people import COUNTRIES, other

#: Scores from which on precision and recall are shown; the first is all that is suggested.
LEVELS = (0.0, 0.8, 0.9)
_PRECISION, _RECALL = 0.99, 0.90


def measure(corpus: Path, messages: Path | None) -> list[Row]:
    """Return one row a measure: of the labelled pairs, of real people, and of two kinds of made-up ones."""
    return [
        *_labelled(corpus),
        *(real_people.measure(messages) if messages else []),
        *generated(made()),
        *_of_countries(),
    ]


def _of_countries() -> list[Row]:
    """Return a row for each country, and one for all, each country's contacts compared by themselves."""
    rows, people, right, suggested, same = [], 0, 0, 0, 0
    for country in COUNTRIES:
        world = other(country)
        pairs, true = _pairs(suggestions(world.candidates)), world.same()
        counts = len(pairs & true), len(pairs), len(true)
        rows += _rates(f"{len(world.who):,} made up, {country}", *counts)
        people, right = people + len(world.who), right + counts[0]
        suggested, same = suggested + counts[1], same + counts[2]
    return [*rows, *_rates(f"{people:,} made up, all four", right, suggested, same)]


def generated(world: World, levels: Iterable[float] = LEVELS, which: str = "") -> list[Row]:
    """Return precision and recall of what is suggested for these people, all of them one user's."""
    same, found = world.same(), suggestions(world.candidates)
    of = f"{len(world.who):,} made up{which}"
    return [row for level in levels for row in _rows(of, level, found, same)]


def _rows(of: str, level: float, found: Iterable[Suggestion], same: set[tuple[str, str]]) -> list[Row]:
    pairs = _pairs(one for one in found if one.score >= level)
    suffix = f", score from {level:g}" if level else ""
    # The goals are for what is suggested. A higher bar is shown for comparison.
    recall = 0.0 if level else _RECALL
    return _rates(of + suffix, len(pairs & same), len(pairs), len(same), recall)


def _rates(of: str, right: int, suggested: int, same: int, recall: float = _RECALL) -> list[Row]:
    return [
        Row(f"duplicates, precision ({of})", right / max(suggested, 1), _PRECISION),
        Row(f"duplicates, recall ({of})", right / max(same, 1), recall),
    ]


def _pairs(found: Iterable[Suggestion]) -> set[tuple[str, str]]:
    return {(min(one.first, one.second), max(one.first, one.second)) for one in found}


def _labelled(corpus: Path) -> list[Row]:
    """Judge every labelled pair by itself, as if the user had these two contacts only."""
    right = wrong = same = 0
    for row in rows(corpus, "dedup.jsonl"):
        suggested = _is_suggested(row["a"], row["b"])
        same += row["same"]
        right += suggested and row["same"]
        wrong += suggested and not row["same"]
    return _rates("labelled pairs", right, right + wrong, same)


def _is_suggested(*sides: dict[str, str]) -> bool:
    addresses = [canonical(side["address"]) for side in sides]
    if match_key(addresses[0]) == match_key(addresses[1]):
        # one contact from the beginning
        return True
    return bool(
        suggestions(
            [
                Candidate(str(at), tuple(filter(None, [side["name"]])), (address,), Kind.PERSON, "", "", 1)
                for at, (side, address) in enumerate(zip(sides, addresses, strict=True))
            ]
        )
    )
