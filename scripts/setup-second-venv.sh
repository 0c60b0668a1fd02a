#!/usr/bin/env bash
# Make an environment with a second interpreter, besides that of .venv, and print its folder; nothing where there is none.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}

version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

# pyenv puts a python3.13 on PATH that refuses to start unless it is also chosen; then take it from its folder.
find_second() {
  local first candidate python
  first=$(version "$venv/bin/python")
  for candidate in 3.13 3.12 3.11; do
    [ "$candidate" != "$first" ] || continue
    for python in "python$candidate" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$candidate".*/bin/python; do
      if [ "$(version "$python")" = "$candidate" ]; then echo "$python" && return; fi
    done
  done
}
second=$(find_second)
[ -n "$second" ] || exit 0
other=.venv-$(version "$second")

exec 9<pyproject.toml
flock 9 # CI begins it beside its checks
PYTHON=$second scripts/setup-venv.sh dev "$other"
echo "$other"
