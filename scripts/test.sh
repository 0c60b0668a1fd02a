#!/usr/bin/env bash
# Run all tests, and those that depend on Python's own asyncio and ssl on a second interpreter too.
# Arguments go to pytest (and then only the first interpreter runs).
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}

# What could not be installed is said there, and fails the tests that need it: none is skipped.
scripts/install-system.sh || true

if [ $# != 0 ]; then
  exec "$venv/bin/pytest" "$@"
fi

# The environment of a second interpreter, where there is one.
second=$(scripts/setup-second-venv.sh)

# else gRPC talks after pytest's closing line, about servers that are being stopped
export GRPC_ENABLE_FORK_SUPPORT=false

# Half of the time is spent waiting for servers, so two workers more than there are processors. Each takes the
# next part of the list, and of another's when it has done its own: few modules are set up twice.
workers=$(($(getconf _NPROCESSORS_ONLN) + 2))
shared=(-n "$workers" --dist worksteal)

failed=0
if [ -n "$second" ]; then
  "$second/bin/pytest" -q "${shared[@]}" tests/imap tests/hostile || failed=1
else
  echo 'test: no second Python (3.11 to 3.13) was found; tests/imap and tests/hostile run on one only.'
fi
"$venv/bin/pytest" "${shared[@]}" || failed=1 # last: its closing line ends the output
exit $failed
