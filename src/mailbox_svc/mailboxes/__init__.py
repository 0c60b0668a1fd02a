"""Use cases on mailboxes: plain functions and classes on model objects. No SQL, protobuf or sockets."""
