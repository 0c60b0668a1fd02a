"""The project's pages as tests read them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def text_of(name: str) -> str:
    """Return a page, by its path in the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def rows_of(name: str, heading: str = "# ") -> dict[str, list[str]]:
    """Return the rows of the tables below a heading, by the word in code that begins them."""
    found = {}
    section = re.split(r"^(?=## )", text_of(name), flags=re.MULTILINE) if heading != "# " else [text_of(name)]
    [part] = [one for one in section if one.startswith(heading)]
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            found[cells[0].strip("`")] = cells[1:]
    return found
