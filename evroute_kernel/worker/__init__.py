"""The processes that run routes. Imported by them and by the supervisor; never imports lark, ipykernel, zmq."""
