"""What holds for every test: a clean environment, and a search for secrets at the end."""

from __future__ import annotations

import gc
import os
import signal

import pytest
import trustme
from hypothesis import HealthCheck, settings

from support.command import PREFIXES

pytest_plugins = ["support.canary"]

# How long an example takes says nothing on a busy machine. `--hypothesis-profile thorough` tries three times
# as many.
settings.register_profile(
    "quick", max_examples=35, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=100)
settings.load_profile("quick")


@pytest.fixture(autouse=True, scope="session")
def _a_system_of_one_authority(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test goes where a real one is needed, and each TLS context takes 50 ms to load them all."""
    folder = tmp_path_factory.mktemp("authorities")
    trustme.CA().cert_pem.write_to_path(str(folder / "one.pem"))
    os.environ.update(SSL_CERT_FILE=str(folder / "one.pem"), SSL_CERT_DIR=str(folder))


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    """A developer's own settings must not decide how the tests end."""
    for name in [name for name in os.environ if name.startswith(PREFIXES)]:
        del os.environ[name]
    os.environ["MAILBOX_REST_ADDR"] = ""  # the default is one port, and tests run side by side


def pytest_configure() -> None:
    """Let tests interrupt what they start, also where the shell that started them ignores that itself."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Spare the collector what is there for all tests: modules and items, half a million objects."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Let forgotten futures say so now, and not below pytest's closing line, which CI reads."""
    gc.collect()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=8, help="how often a worker is killed (tests/faults)")
    parser.addoption("--refreshes", type=int, default=6, help="of a token by two workers (tests/faults)")
    parser.addoption("--examples", type=int, default=1, help="made up for each route (tests/rest)")


@pytest.fixture(scope="session")
def kills(request: pytest.FixtureRequest) -> int:
    """How often a worker is killed."""
    wish: int = request.config.getoption("--kills")
    return wish


@pytest.fixture(scope="session")
def refreshes(request: pytest.FixtureRequest) -> int:
    """How often two workers refresh one token."""
    wish: int = request.config.getoption("--refreshes")
    return wish
