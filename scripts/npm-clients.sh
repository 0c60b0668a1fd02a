#!/usr/bin/env bash
# Install what clients/ needs from npm, by the hashes of its lock. At once when that was done already.
set -euo pipefail
cd "$(dirname "$0")/../clients"

lacks() { printf 'npm-clients: %s\n' "$*" >&2 && exit 3; }
command -v node >/dev/null && command -v npm >/dev/null || lacks 'node and npm are not installed.'
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  lacks "needs Node 20.19 or newer; this is $(node --version)."

stamp=node_modules/mailbox-svc-stamp
hash=$(sha256sum <package-lock.json)
exec 9<package-lock.json
flock 9 # several test processes may begin at once
if [ -f "$stamp" ] && [ "$(<"$stamp")" = "$hash" ]; then exit 0; fi
echo 'npm-clients: installing (npm ci)' >&2
npm ci --ignore-scripts --loglevel error >&2
echo "$hash" >"$stamp"
