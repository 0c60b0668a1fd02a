#!/usr/bin/env bash
# Resolve requirements*.in into the hashed locks, for every supported Python. Arguments go to uv:
# `scripts/lock.sh --upgrade` takes newer versions, without it pins stay where they can.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
  "${VENV:-.venv}/bin/uv" pip compile -q --universal --python-version 3.11 --generate-hashes \
    --no-header --no-annotate "$@" >/dev/null
}
compile "$@" requirements-dev.in -o requirements-dev.lock
# the smaller locks are parts of the large one
for part in requirements requirements-build; do
  compile "$@" -c requirements-dev.lock "$part.in" -o "$part.lock"
done
