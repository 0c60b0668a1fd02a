"""Failures as the JSON that a column holds."""

from __future__ import annotations

import json
from dataclasses import asdict

from mailbox_svc.model.check import Code, Remedy
from mailbox_svc.model.harvest import Failure, FailureCode


def failure_from(text: str | None) -> Failure | None:
    if not text:
        return None
    stored = json.loads(text)
    code, remedy = stored["connection_code"], stored["remedy"]
    return Failure(
        **stored
        | {
            "code": FailureCode(stored["code"]),
            "connection_code": Code(code) if code else None,
            "remedy": Remedy(**remedy) if remedy else None,
        }
    )


def text_of(failure: Failure | None) -> str | None:
    return json.dumps(asdict(failure)) if failure else None
