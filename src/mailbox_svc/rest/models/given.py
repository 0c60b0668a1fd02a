"""What texts that are received may hold.

Lengths and ids are checked here. The patterns are documented only: the service says in better words what is
wrong with a text.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

#: Control characters and line breaks (Cc, Zl, Zp), as part of a class of a regular expression.
_CONTROL: Final = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
#: The pattern of a text that may have line breaks.
LINES: Final = rf"^(?:\r\n|\n|[^{_CONTROL}])*$"
#: As people and libraries write it; Python's own class takes more.
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def line(most: int, *, least: int = 1) -> Any:
    """Return the field of a text on one line, with at most so many characters; blank if `least` is 0."""
    some, no_control = rf"[^{_CONTROL}\s]" if least else "", rf"[^{_CONTROL}]*"
    pattern = f"^{no_control}{some}{no_control}$"
    return Field(max_length=most, json_schema_extra={"minLength": least, "pattern": pattern})


def _is_id(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise ValueError("Must be a UUID.")
    return text


#: An id in a body or a query.
GivenId = Annotated[str, AfterValidator(_is_id), Field(json_schema_extra={"format": "uuid"})]
