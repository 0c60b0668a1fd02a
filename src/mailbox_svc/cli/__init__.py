"""The command line: one command `mailbox-svc`, a sub-command for each role.

Exit codes: 0 done; 1 failed (one sentence on standard error says why); 2 settings or arguments are
wrong; 3 done, but some rows were skipped (`import`); 130 interrupted.
"""

from __future__ import annotations

import errno
import logging
import sys

import typer

from mailbox_svc import __version__
from mailbox_svc.cli import (
    connect,
    contacts,
    data,
    demo,
    duplicates,
    export,
    groups,
    harvest,
    keys,
    queue,
    serve,
    sync,
    tokens,
)
from mailbox_svc.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, errors
from mailbox_svc.errors import ConfigError, MailboxSvcError, os_reason
from mailbox_svc.logs import configure_logs

EXIT_CONFIG = 2
#: How the system says that what is written has no room. A reader that has left is typer's affair.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

cli = typer.Typer(
    name="mailbox-svc",
    no_args_is_help=True,
    add_completion=False,
    # Its tracebacks print local variables, and locals hold passwords.
    pretty_exceptions_enable=False,
    help="Keeps users' IMAP mailboxes, tests them, and harvests contacts from them.",
)
cli.command("serve")(serve.serve)
cli.command("worker")(queue.worker)
cli.command("gateway")(serve.gateway)
cli.command("demo")(demo.demo)
cli.command("connect")(connect.connect)
cli.command("disconnect")(connect.disconnect)
cli.command("harvest")(harvest.harvest)
cli.add_typer(sync.cli, name="sync")
cli.add_typer(contacts.cli, name="contacts")
contacts.cli.command("duplicates")(duplicates.duplicates)
contacts.cli.command("merge")(duplicates.merge)
contacts.cli.command("undo")(duplicates.undo)
contacts.cli.command("dismiss")(duplicates.dismiss)
cli.add_typer(groups.cli, name="groups")
cli.command("export")(export.export)
cli.command("migrate")(data.migrate)
cli.command("import")(data.import_)
cli.command("token")(tokens.token)
cli.command("check-config")(data.check_config)
cli.add_typer(keys.cli, name="keys")
cli.add_typer(queue.cli, name="queue")


@cli.callback(invoke_without_command=True)
def _root(
    *, version: bool = typer.Option(False, "--version", is_eager=True, help="Print the version and exit.")
) -> None:
    if version:
        typer.echo(f"mailbox-svc {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line and exit with its code; no error is more than one plain sentence."""
    # Standard error gets what goes wrong, in safe form; 'serve' sets its own level and format later.
    configure_logs(level="WARNING", json=False)
    try:
        cli()
    except ConfigError as exc:
        errors.print(f"mailbox-svc: {exc.message}", markup=False)
        sys.exit(EXIT_CONFIG)
    except MailboxSvcError as exc:
        errors.print(f"mailbox-svc: {exc.message}", markup=False)
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except Exception as exc:
        if isinstance(exc, OSError) and exc.errno in _NO_ROOM:
            errors.print(f"mailbox-svc: Cannot write: {os_reason(exc)}.", markup=False)
            sys.exit(EXIT_FAILED)
        logging.getLogger(__name__).exception("a command failed unexpectedly")
        errors.print(f"mailbox-svc: a defect of ours ({type(exc).__name__}); please report it.", markup=False)
        sys.exit(EXIT_FAILED)
