"""The tables of docs/errors.md name what the contract names: no more and no less."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mailboxes.v1.contact_pb2 import SkipReason
from mailboxes.v1.harvest_pb2 import HarvestFailureCode

TEXT = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("heading", "contract", "prefix"),
    [
        ("Failed harvests", HarvestFailureCode, "HARVEST_FAILURE_CODE_"),
        ("What is left out, and why", SkipReason, "SKIP_REASON_"),
    ],
)
def test_every_member_has_its_row(heading: str, contract: Any, prefix: str) -> None:
    [section] = [part for part in TEXT.split("\n## ") if part.startswith(heading)]
    rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert [f"{prefix}{row}" for row in rows] == [*contract.keys()][1:]
