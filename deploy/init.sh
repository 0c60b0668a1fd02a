#!/bin/sh
# Make deploy/secrets for compose.yaml: database passwords and the URLs with them, and a JWT secret.
# Keeps what is there. The folder is yours alone; the files in it can be read by the containers' users.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets
cd secrets

random() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
keep() { [ -s "$1" ] || printf '%s' "$2" >"$1"; }

for name in database_admin_password database_owner_password database_app_password jwt_secret; do
  keep "$name" "$(random)"
done
keep database_owner_url "postgresql://mailbox_owner:$(cat database_owner_password)@database/mailboxes"
keep database_app_url "postgresql://mailbox_app:$(cat database_app_password)@database/mailboxes"
chmod 644 -- *
echo "deploy/secrets is ready: $(echo *)"
