"""The page at the end holds what it tells, and nothing in that can become markup or script."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from mailbox_svc.rest.popup import page
from support.gateway import result_in


class Reader(HTMLParser):
    """What a browser would see: elements, and the texts in some."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Any]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, attrs))
        if tag != "meta":
            self._open.append(tag)
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]][-1] += data


PLAIN = Reader(bytes(page(200, "Title", "Sentence.").body).decode())


@given(st.text())
@example("</script><script>alert(1)</script>")
@example("</script ><script >")
@example("<!--<script>")
@example("\u2028\u2029]]>&lt;")
def test_a_sentence_is_shown_and_told_as_it_is_whatever_is_in_it(text: str) -> None:
    body = bytes(page(400, "Not connected", text, message={"error": text}).body).decode()
    read = Reader(body)
    assert read.elements == PLAIN.elements
    assert result_in(body)["message"]["error"] == text
    [told, script] = read.texts["script"]
    assert not set(told) & set("<>&\u2028\u2029")
    assert script == PLAIN.texts["script"][1]
    assert text.strip() in {one.strip() for one in read.texts["p"]} or "\r" in text or "\0" in text


def test_the_policy_allows_this_script_and_this_style_and_nothing_else() -> None:
    answer = page(200, "Title", "Sentence.")
    policy = answer.headers["content-security-policy"]
    body = bytes(answer.body).decode()
    for directive, text in (("script-src", PLAIN.texts["script"][1]), ("style-src", PLAIN.texts["style"][0])):
        assert text in body
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert not re.search(r"unsafe|https?:|\*|data:|blob:", policy)


def test_the_page_loads_nothing_and_has_no_handlers() -> None:
    for _, attributes in PLAIN.elements:
        assert not {name for name, _ in attributes} & {"src", "href", "style", "action", "onload", "onerror"}
