"""`make bench-harvest`: a harvest held against a raw read of the same bytes, and against other clients.

Takes minutes; `--quick` only shows that all of it runs, and that all clients count the same.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich.console import Console

from harvest import distance, goals, responsiveness
from harvest.clients import install_imapflow
from harvest.rounds import Rounds
from harvest.server import MailServer, running_mail_server
from harvest.service import harvest, harvesting_service
from harvest.tables import show_goals, show_readers


def main() -> None:
    given = _arguments()
    install_imapflow()
    messages = 500 if given.quick else given.messages
    sizes = [messages] if given.profile else [messages // 10, messages]
    Console(stderr=True).print(f"making mailboxes of {' and '.join(map(str, sizes))} messages …")
    with running_mail_server(sizes, given.keep) as server:
        if given.profile:
            _profile(server)
        else:
            _measure(server, given)


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="make bench-harvest", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="500 messages, one round: does it run?")
    arguments.add_argument(
        "--messages", type=int, default=100_000, help="in the big mailbox; the small one has a tenth"
    )
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--full", action="store_true", help="have the slow clients read the big one too")
    arguments.add_argument(
        "--keep", type=Path, metavar="DIR", help="make mailboxes there, or use those again"
    )
    arguments.add_argument("--profile", action="store_true", help="only show where a harvest's time goes")
    return arguments.parse_args()


def _measure(server: MailServer, given: argparse.Namespace) -> None:
    rounds = Rounds(server, full=given.full)
    rounds.run(1 if given.quick else given.rounds)
    without, with_delay = distance.measure(server, rounds.big, quick=given.quick)
    show_readers(rounds)
    responsiveness.measure(server, rounds.big, 0.3 if given.quick else 3.0)
    show_goals([*goals.of_reading(rounds), goals.of_delay(without, with_delay)])


def _profile(server: MailServer) -> None:
    with tempfile.NamedTemporaryFile(prefix="bench-profile-") as file:
        variant = ("profile", file.name)
        mailbox = server.mailboxes[-1]
        with harvesting_service(server.dovecot.ca_file, [mailbox.tls.port], variant) as service:
            harvest(service, mailbox.tls)
        print(Path(file.name).read_text())


if __name__ == "__main__":
    main()
