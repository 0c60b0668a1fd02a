#!/usr/bin/env bash
# Fail when the committed stubs are not what the protos generate, or the OpenAPI document not what the routes do.
set -euo pipefail
cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
scripts/proto.sh "$fresh"
cp clients/python/mailboxes/v1/__init__.py "$fresh/mailboxes/v1/"
if ! diff -r -x __pycache__ clients/python/mailboxes/v1 "$fresh/mailboxes/v1"; then
  echo 'generated-diff: the stubs are out of date; run: make proto' >&2
  exit 1
fi
"${VENV:-.venv}/bin/python" scripts/openapi.py "$fresh/openapi.json"
if ! diff clients/openapi.json "$fresh/openapi.json"; then
  echo 'generated-diff: clients/openapi.json is out of date; run: make openapi' >&2
  exit 1
fi
