#!/usr/bin/env bash
# Regenerate clients/python/mailboxes/v1 from protos/. Path = proto package = Python package,
# so plain protoc output needs no import patching.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${VENV:-.venv}/bin
out=${1:-clients/python}
mkdir -p "$out/mailboxes/v1"
rm -f "$out"/mailboxes/v1/*_pb2*.py "$out"/mailboxes/v1/*_pb2*.pyi
PATH="$bin:$PATH" "$bin/python" -m grpc_tools.protoc -Iprotos \
  --python_out="$out" --grpc_python_out="$out" \
  --mypy_out=quiet:"$out" --mypy_grpc_out=quiet:"$out" \
  protos/mailboxes/v1/*.proto
