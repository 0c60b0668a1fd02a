"""The optional REST gateway: a client of the gRPC address, with no rules of its own; extra `[rest]`."""
