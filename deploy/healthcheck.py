"""Exit 0 when the service in this container is well: by gRPC health, or where it speaks TLS, by listening."""
# ruff: noqa: INP001  (a program of its own)

import os
import socket
import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

host, _, port = os.environ.get("MAILBOX_GRPC_ADDR", "127.0.0.1:50051").rpartition(":")
if host in {"0.0.0.0", "[::]"}:  # noqa: S104  (compared, not bound)
    host = "localhost"

if "MAILBOX_GRPC_TLS_CERT_FILE" in os.environ:
    # the certificate has the service's public name, and mTLS wants one from us
    socket.create_connection((host.strip("[]"), int(port)), timeout=3).close()
    sys.exit(0)

with grpc.insecure_channel(f"{host}:{port}") as channel:
    reply = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=3)
sys.exit(reply.status != health_pb2.HealthCheckResponse.SERVING)
