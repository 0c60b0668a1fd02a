#!/bin/sh
# Run once by the postgres image, on an empty data folder: the database and its two roles.
# mailbox_owner owns the tables and migrates them. mailbox_app serves; it owns nothing, and row-level
# security holds for it. What it may touch is granted by `mailbox-svc migrate`.
set -eu
secrets=${SECRETS:-/run/secrets}
psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  -v owner_password="$(cat "$secrets/database_owner_password")" \
  -v app_password="$(cat "$secrets/database_app_password")" <<'SQL'
CREATE ROLE mailbox_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE mailbox_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'app_password';
CREATE DATABASE mailboxes OWNER mailbox_owner;
REVOKE ALL ON DATABASE mailboxes FROM PUBLIC;
GRANT CONNECT ON DATABASE mailboxes TO mailbox_app;
SQL
