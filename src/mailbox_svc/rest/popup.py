"""The page that the browser ends on: tells the page that opened it what came of it, and closes itself.

It holds nothing secret, loads nothing, and runs the one script whose hash its policy names.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from typing import Final

from fastapi.responses import HTMLResponse

#: The type of the message, and the name of the BroadcastChannel.
MESSAGE_TYPE: Final = "mailbox-svc:oauth"

# A provider's Cross-Origin-Opener-Policy cuts the opener off. Then a BroadcastChannel still reaches the pages
# of our own origin; it is used only then, so that nobody is told twice.
_SCRIPT: Final = """
const { target, message } = JSON.parse(document.getElementById("result").textContent);
if (target && window.opener) {
  window.opener.postMessage(message, target);
} else if (target === location.origin) {
  const channel = new BroadcastChannel(message.type);
  channel.postMessage(message);
  channel.close();
}
if (target) window.close();
"""
_STYLE: Final = """
:root { color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif }
body { max-width: 32rem; margin: 18vh auto; padding: 0 1.5rem }
h1 { font-size: 1.4rem }
"""
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{sentence}</p>
</main>
<script type="application/json" id="result">{result}</script>
<script>{script}</script>
</body>
</html>
"""


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_HEADERS: Final = {
    "content-security-policy": (
        f"default-src 'none'; script-src {_hash(_SCRIPT)}; style-src {_hash(_STYLE)};"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    # Anything stricter would cut the opener off.
    "cross-origin-opener-policy": "unsafe-none",
}


def page(
    status: int, title: str, sentence: str, *, target: str = "", message: Mapping[str, object] | None = None
) -> HTMLResponse:
    """Return the page. `target` is the one origin that gets the message; empty tells nobody."""
    result = {"target": target, "message": {"type": MESSAGE_TYPE, **(message or {})}}
    content = _PAGE.format(
        title=html.escape(title),
        sentence=html.escape(sentence),
        result=_in_script(result),
        style=_STYLE,
        script=_SCRIPT,
    )
    return HTMLResponse(content, status, _HEADERS)


def _in_script(value: object) -> str:
    """Return JSON that can end no script element; U+2028 and its like are escaped by json itself."""
    text = json.dumps(value, ensure_ascii=True)
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")
