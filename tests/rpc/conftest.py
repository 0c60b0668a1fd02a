from __future__ import annotations

import pytest

from mailbox_svc.rpc.server import UseCases
from support.rpc import without_data


@pytest.fixture
def no_data() -> UseCases:
    return without_data()
