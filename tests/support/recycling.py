"""Databases on PostgreSQL that one test after the other has: to empty one takes a fifth of making one.

Only one that is again what it was made as is given to another test: the same tables, policies, grants and
functions, nothing in it and nothing known about it. What a test has changed beyond that is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from support.postgres import PostgresServer

#: What migrations fill; nothing else has rows in a database that was just made.
_KEPT = "alembic_version"
_EMPTY = f"""
SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$
DECLARE one record; filled boolean; all_filled text;
BEGIN
  FOR one IN SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> '{_KEPT}'
  LOOP
    EXECUTE 'SELECT EXISTS (SELECT FROM ' || one.name || ')' INTO filled;
    IF filled THEN all_filled := concat_ws(', ', all_filled, one.name); END IF;
  END LOOP;
  IF all_filled IS NOT NULL THEN EXECUTE 'TRUNCATE ' || all_filled || ' RESTART IDENTITY CASCADE'; END IF;
END $$;
SELECT count(setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false))
  FROM pg_sequences WHERE last_value IS NOT NULL;
"""
#: All that a test could have changed; what is not of the catalogue has oids from 16384 on.
_FINGERPRINT = f"""
SELECT md5(concat_ws('|',
  (SELECT string_agg(concat_ws(' ', n.nspname, c.relname, c.relkind, c.relpersistence, c.relrowsecurity,
      c.relforcerowsecurity, c.relacl, c.relowner, c.reloptions), ';' ORDER BY n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid >= 16384 AND n.nspname !~ '^pg_'),
  (SELECT string_agg(concat_ws(' ', c.relname, a.attname, a.atttypid, a.attnotnull, a.attacl), ';'
      ORDER BY c.relname, a.attname)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.oid >= 16384 AND c.relkind = 'r'),
  (SELECT string_agg(concat_ws(' ', tablename, policyname, permissive, roles, cmd, qual, with_check), ';'
      ORDER BY tablename, policyname) FROM pg_policies),
  (SELECT string_agg(concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)), ';'
      ORDER BY conrelid::regclass::text, conname) FROM pg_constraint WHERE oid >= 16384),
  (SELECT string_agg(concat_ws(' ', proname, proacl, prosrc), ';' ORDER BY proname, prosrc)
    FROM pg_proc WHERE oid >= 16384),
  (SELECT string_agg(concat_ws(' ', tgrelid::regclass, tgname, tgenabled), ';'
      ORDER BY tgrelid::regclass::text, tgname) FROM pg_trigger WHERE NOT tgisinternal),
  (SELECT string_agg(concat_ws(' ', nspname, nspacl), ';' ORDER BY nspname)
    FROM pg_namespace WHERE nspname !~ '^pg_temp|^pg_toast_temp'),
  (SELECT string_agg(extname, ';' ORDER BY extname) FROM pg_extension),
  (SELECT datacl::text || datallowconn || datconnlimit FROM pg_database
    WHERE datname = current_database()),
  (SELECT string_agg(setconfig::text, ';') FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
  (SELECT count(*) FROM pg_statistic s WHERE s.starelid >= 16384),
  (SELECT string_agg(version_num, ';') FROM {_KEPT})
));
"""
#: By template: databases that nobody has, and what one is like that was just made.
_spare: dict[str, list[str]] = {}
_new: dict[str, str] = {}


@contextmanager
def recycled(server: PostgresServer, template: str) -> Iterator[str]:
    """Have a database that is like the template, new or emptied. It is given back afterwards."""
    spare = _spare.setdefault(template, [])
    name = spare.pop() if spare else server.new_database(template=template)
    if template not in _new:
        _new[template] = _last_line(server.sql(_FINGERPRINT, database=name))
    try:
        yield name
    finally:
        if _is_as_new(server, name, template):
            spare.append(name)
        else:
            server.drop(name)


def _is_as_new(server: PostgresServer, name: str, template: str) -> bool:
    """Empty it, and tell whether it is like new then."""
    try:
        said = server.sql(_EMPTY + _FINGERPRINT, database=name)
    except RuntimeError:  # a test has broken it
        return False
    return _last_line(said) == _new[template]


def _last_line(text: str) -> str:
    return text.splitlines()[-1]
