#!/usr/bin/env bash
# Judge the TypeScript client and the Integrations page without running them: types that are generated from the
# OpenAPI document as it is, the compiler, ESLint, Prettier.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v npm >/dev/null || scripts/install-system.sh || true
scripts/npm-clients.sh
cd clients

generated=$(mktemp -d -p .)
trap 'rm -rf "$generated"' EXIT
OPENAPI_TYPES=$generated/openapi.ts npm run --silent openapi >/dev/null 2>&1
diff -u typescript/src/openapi.ts "$generated/openapi.ts" >&2 || {
  echo 'check-clients: typescript/src/openapi.ts is not what openapi.json gives; run make openapi-types.' >&2
  exit 1
}
rm -rf "$generated"

npm run --silent format:check
npm run --silent types
npm run --silent lint
