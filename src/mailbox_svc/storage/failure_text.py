"""Failures and remedies as the JSON that a column holds."""

from __future__ import annotations

import json
from dataclasses import asdict

from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import Failure, FailureCode
from mailbox_svc.model.remedy import Remedy


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


def remedy_from(text: str | None) -> Remedy | None:
    return Remedy(**json.loads(text)) if text else None


def remedy_text(remedy: Remedy | None) -> str | None:
    return json.dumps(asdict(remedy), ensure_ascii=False) if remedy else None
