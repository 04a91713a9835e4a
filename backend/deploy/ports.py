"""Free ports of this machine."""

import socket


def free_port() -> int:
    """Return a free port, for commands that cannot choose one themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
