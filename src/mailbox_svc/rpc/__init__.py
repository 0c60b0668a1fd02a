"""The gRPC face: the only package that knows grpc and protobuf; it holds no rule about mailboxes."""
