#!/usr/bin/env bash
# Fail when the contract breaks its released form (protos/baseline.binpb), in protobuf or in JSON.
# Offline and without git history, so that it says the same in a shallow clone as here.
#
#   scripts/breaking.sh            compare
#   scripts/breaking.sh --release  make the contract as it is the released form
set -euo pipefail
cd "$(dirname "$0")/.."
buf=${VENV:-.venv}/bin/buf
if [ "${1:-}" = --release ]; then
  exec "$buf" build --exclude-source-info -o protos/baseline.binpb
fi
exec "$buf" breaking --against protos/baseline.binpb
