#!/usr/bin/env bash
# Put on this machine what the tests need from the operating system: PostgreSQL, pgbouncer, four real IMAP
# servers, and Node with npm, for the OpenID provider and for a client that the harvest is measured against.
#
# Debian 12 and 13. Fast when all is there. Starts no daemon, leaves no database cluster behind, and changes
# no settings: what it has to change for the installation it puts back.
# Cyrus and Courier are unpacked into a cache folder, never installed: apt would remove Dovecot for them.
#
#   scripts/install-system.sh              install what is missing
#   scripts/install-system.sh --imap-root  print the folder with Cyrus and Courier
set -euo pipefail

if [ -n "${IMAP_ROOT:-}" ]; then
  root=$IMAP_ROOT
elif [ "$(id -u)" = 0 ]; then
  root=/var/cache/mailbox-svc/imap-root # the servers drop root, and nobody else may enter /root
else
  root=${XDG_CACHE_HOME:-$HOME/.cache}/mailbox-svc/imap-root
fi
if [ "${1:-}" = --imap-root ]; then
  echo "$root"
  exit
fi

say() { printf 'install-system: %s\n' "$*" >&2; }

have() {
  case $1 in
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' ;;
    pgbouncer) [ -x /usr/sbin/pgbouncer ] ;;
    dovecot-imapd) [ -x /usr/sbin/dovecot ] && [ -x /usr/lib/dovecot/imap ] ;;
    mailutils-imap4d) [ -x /usr/sbin/imap4d ] ;;
    nodejs) command -v node ;;
    npm) command -v npm ;;
    chromium) command -v chromium ;;
    unpacked) [ -f "$root/complete" ] ;;
  esac >/dev/null
}

needed_by() {
  case $1 in
    postgresql) echo 'tests/storage, and tests that run on both databases' ;;
    pgbouncer) echo 'tests/storage (behind a pooler)' ;;
    dovecot-imapd) echo 'tests/imap and tests/interop (Dovecot), and the end-to-end tests' ;;
    mailutils-imap4d) echo 'tests/interop (mailutils)' ;;
    chromium) echo 'tests/rest (what a browser does with the pages)' ;;
    nodejs | npm) echo 'tests with an OAuth2 provider (oidc-provider), tests/bench and make bench-harvest (imapflow)' ;;
    unpacked) echo 'tests/interop (Cyrus, Courier)' ;;
  esac
}

missing=()
for what in postgresql pgbouncer dovecot-imapd mailutils-imap4d nodejs npm chromium unpacked; do
  have "$what" || missing+=("$what")
done
[ ${#missing[@]} = 0 ] && exit 0

give_up() {
  say "$1"
  for what in "${missing[@]}"; do
    have "$what" || say "  missing: ${what/unpacked/Cyrus and Courier (unpacked in $root)}, needed by $(needed_by "$what")"
  done
  exit 1
}

command -v apt-get >/dev/null || give_up 'this is no Debian: install these yourself, or run the tests in a container.'
as_root=()
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n); else as_root=(false); fi
fi
can_install() { [ "${as_root[*]:-}" != false ]; }

# --- packages -------------------------------------------------------------------------------------------

policy=/usr/sbin/policy-rc.d
cluster_conf=/etc/postgresql-common/createcluster.conf
saved=$(mktemp -d)

put_back() {
  if [ -e "$saved/policy" ]; then "${as_root[@]}" cp -p "$saved/policy" $policy; fi
  if [ -e "$saved/no-policy" ]; then "${as_root[@]}" rm -f $policy; fi
  if [ -e "$saved/cluster" ]; then "${as_root[@]}" cp -p "$saved/cluster" $cluster_conf; fi
  rm -rf "$saved"
}
trap put_back EXIT

forbid_daemons() {
  if [ -e $policy ]; then cp -p $policy "$saved/policy"; else touch "$saved/no-policy"; fi
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
  "${as_root[@]}" chmod 755 $policy
}

apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 "$@" </dev/null >&2; }
install() { apt install -y --no-install-recommends "$@"; }

install_packages() {
  forbid_daemons
  if [[ " $* " == *' postgresql '* ]]; then
    install postgresql-common # alone and first: it owns the setting that keeps a cluster from being made
    cp -p $cluster_conf "$saved/cluster"
    "${as_root[@]}" sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' $cluster_conf
  fi
  install "$@"
  if [ -d /run/systemd/system ]; then # nor at the next boot
    "${as_root[@]}" systemctl disable --quiet dovecot mailutils-imap4d postgresql pgbouncer 2>/dev/null || true
  fi
}

packages=()
for what in "${missing[@]}"; do
  [ "$what" = unpacked ] || packages+=("$what")
done

if [ ${#packages[@]} != 0 ] && ! can_install; then
  give_up 'not root, and sudo asks for a password: run this once as root.'
fi
if can_install; then
  say "installing: ${missing[*]}"
  apt update || give_up 'no package lists: is there a network?'
fi
if [ ${#packages[@]} != 0 ]; then
  install_packages "${packages[@]}" || give_up 'apt could not install everything (its words are above).'
fi

# --- Cyrus and Courier, unpacked ------------------------------------------------------------------------

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Print the given packages and every library below them that is not installed here. Library packages are
# renamed from release to release (t64), so their names are asked for, not written down.
with_libraries() {
  local -A seen=()
  local queue=("$@") name library
  while [ ${#queue[@]} != 0 ]; do
    name=${queue[0]}
    queue=("${queue[@]:1}")
    [ -z "${seen[$name]:-}" ] || continue
    seen[$name]=1
    echo "$name"
    for library in $(apt-cache depends --important "$name" | sed -n 's/.*Depends: \(lib[^ :<]*\).*/\1/p'); do
      installed "$library" || queue+=("$library")
    done
  done
}

unpack() {
  local debs=$root/debs
  rm -rf "$root"
  mkdir -p "$debs"
  chmod 755 "$root"
  mapfile -t names < <(with_libraries cyrus-imapd cyrus-common sasl2-bin libsasl2-modules \
    courier-imap courier-base courier-authlib courier-authlib-userdb)
  (cd "$debs" && apt-get download -q -o APT::Sandbox::User=root "${names[@]}" >&2) || return
  for deb in "$debs"/*.deb; do dpkg -x "$deb" "$root" || return; done
  rm -rf "$debs"
  touch "$root/complete"
}

if ! have unpacked; then
  unpack || give_up 'could not download Cyrus and Courier: is there a network, and did "apt-get update" ever run?'
fi
say 'all is there.'
