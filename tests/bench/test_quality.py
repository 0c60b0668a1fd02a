"""`make quality` on labels made up here: what it counts, and what it says when there are none."""

import json
import os
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"
#: Three headers: read right, labelled with another name, labelled with an address that is not there.
HEADERS = [
    {"value": "Ada <ada@example.org>", "addresses": [{"name": "Ada", "address": "ADA@example.org"}]},
    {"value": "Bob <b@example.org>", "addresses": [{"name": "Rob", "address": "b@example.org"}]},
    {"value": "c@example.org", "addresses": [{"name": "", "address": "d@example.org"}]},
]  # fmt: skip
MESSAGES = [
    {
        "file": "dev-spamassassin/group/1.eml",
        "fields": [
            {"header": "From", "addresses": [{"name": "Ada", "address": "ada@example.org"}]},
            {"header": "CC", "addresses": [{"name": "", "address": "b@example.org"}]},
        ],
    }
]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(BENCH)},
    )


def write_rows(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_without_labels_it_says_where_to_name_them(tmp_path: Path) -> None:
    done = run("-m", "quality.run", "--corpus", str(tmp_path))

    assert done.returncode == 1
    assert "--corpus FOLDER" in done.stderr


def test_extraction_is_scored_by_address_and_by_pair(tmp_path: Path) -> None:
    write_rows(tmp_path / "dev_headers.jsonl", [{"name_certain": True, **row} for row in HEADERS])
    write_rows(tmp_path / "dev_messages.jsonl", [dict(row) for row in MESSAGES])
    (tmp_path / "group").mkdir()
    (tmp_path / "group" / "1.eml").write_text(
        "From someone Mon\nFrom: Ada\n <ada@example.org>\nCc: b@example.org, c@example.org\n\n"
        "To: x@example.org\n"
    )
    code = (
        "import sys, json; from pathlib import Path; from quality import extraction;"
        "folder = Path(sys.argv[1]);"
        "print(json.dumps([row.value for row in extraction.measure(folder, folder)]))"
    )

    done = run("-c", code, str(tmp_path))

    assert done.returncode == 0, done.stderr
    # Two of three addresses, one of three pairs; two of the message's three, one of which has no label.
    assert json.loads(done.stdout) == [2 / 3, 1 / 3, 0, 0.8]
