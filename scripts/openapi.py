"""Write the REST gateway's OpenAPI document: to clients/openapi.json, or to the file that is named."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mailbox_svc.rest.app import GatewayConfig, create_app
from mailbox_svc.rest.openapi import document

target = Path(sys.argv[1] if len(sys.argv) > 1 else "clients/openapi.json")
made = document(create_app(GatewayConfig(address="", grpc_target="")))
target.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n")
