#!/usr/bin/env bash
# Build the Integrations page (clients/web) into the package, where the gateway serves it from. At once when
# nothing it is made of has changed. Without Node it says so and ends with 0: the service runs without the page.
#
#   scripts/build-web.sh            build if something has changed
#   scripts/build-web.sh --needed   fail where it cannot be built
set -euo pipefail
cd "$(dirname "$0")/.."

static=src/mailbox_svc/rest/static
stamp=$static/stamp

inputs() {
  find clients/web clients/typescript/src clients/typescript/package.json clients/package.json \
    clients/package-lock.json clients/tsconfig.base.json -type f -not -path '*/node_modules/*' \
    -not -path '*/dist/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

exec 9<clients/package.json
flock 9 # several test processes may begin at once
hash=$(inputs)
if [ -f "$stamp" ] && [ "$(<"$stamp")" = "$hash" ]; then exit 0; fi

if ! scripts/npm-clients.sh; then
  echo 'build-web: the Integrations page is not built; the service runs without it.' >&2
  if [ "${1:-}" = --needed ]; then exit 1; fi
  exit 0
fi
echo "build-web: building the Integrations page into $static" >&2
(cd clients && node_modules/.bin/vite build web --config web/vite.config.ts --logLevel warn) >&2
echo "$hash" >"$stamp"
