#!/usr/bin/env bash
# Make a virtual environment with what the hashed locks say, and this project in it. At once when it is up to date.
#
#   scripts/setup-venv.sh runtime          what the service and its demo need
#   scripts/setup-venv.sh dev [FOLDER]     also what tests, checks and generators need (default folder: .venv)
#
# PYTHON names the interpreter; without it the first one on PATH that is new enough.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=$1
venv=${2:-.venv}
stamp=$venv/mailbox-svc-stamp

fail() { printf 'setup-venv: %s\n' "$*" >&2 && exit 1; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

find_python() {
  if [ -n "${PYTHON:-}" ]; then
    new_enough "$PYTHON" || fail "$PYTHON is not Python 3.11 or newer."
    echo "$PYTHON"
    return
  fi
  local name
  for name in python3 python3.13 python3.12 python3.11; do
    if new_enough "$name"; then echo "$name" && return; fi
  done
  fail 'needs Python 3.11 or newer; none was found. Install one, or name it: make PYTHON=/path/to/python3'
}
python=$(find_python)

# An environment that was moved, broken, or made for another interpreter than the one asked for is made anew.
if [ -e "$venv" ]; then
  if ! "$venv/bin/python" -c '' 2>/dev/null; then
    rm -rf "$venv"
  elif [ -n "${PYTHON:-}" ] && [ "$(version "$venv/bin/python")" != "$(version "$python")" ]; then
    rm -rf "$venv"
  fi
fi

wanted() {
  cat requirements.lock requirements-dev.lock requirements-build.lock pyproject.toml clients/python/pyproject.toml |
    "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read() + sys.argv[1].encode()).hexdigest())' "$PWD"
}
have_kind='' have_hash=''
if [ -f "$stamp" ]; then read -r have_kind have_hash <"$stamp"; fi
[ "$have_kind" = dev ] && kind=dev # once more than the runtime, always more: never half of each
hash=$(wanted)
[ "$have_kind $have_hash" = "$kind $hash" ] && exit 0

if [ ! -e "$venv" ]; then
  if ! "$python" -c 'import ensurepip' 2>/dev/null && ! "$python" -m pip --version >/dev/null 2>&1; then
    # Debian has both in packages of their own
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      apt-get update -q >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3-venv >&2
    fi
    "$python" -c 'import ensurepip' 2>/dev/null ||
      fail "$python has neither ensurepip nor pip. On Debian: apt-get install python3-venv"
  fi
  if "$python" -c 'import ensurepip' 2>/dev/null; then
    "$python" -m venv "$venv"
  else
    "$python" -m venv --without-pip "$venv"
  fi
fi

pip() {
  if "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"
  else
    "$python" -m pip --python "$venv/bin/python" --disable-pip-version-check --no-input "$@"
  fi
}

rm -f "$stamp"
echo "setup-venv: installing ($kind) into $venv with $("$venv/bin/python" -V)" >&2
options=(-r requirements.lock -r requirements-build.lock)
# Much of what development needs is never imported, so it is compiled when it first is.
[ "$kind" = runtime ] || options=(--no-compile -r requirements-dev.lock)
pip install -q --require-hashes "${options[@]}"
pip install -q --no-deps --no-build-isolation -e clients/python -e .
echo "$kind $hash" >"$stamp"
