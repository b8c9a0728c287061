"""`python3` to the jobs of a forked workflow: has forks.py, at the socket named first, run the rest."""

import marshal
import os
import socket
import sys

with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    socket.send_fds(server, [b"."], [0, 1, 2])
    server.sendall(marshal.dumps((sys.argv[2:], os.getcwd(), dict(os.environ))))  # noqa: PTH109, as pathlib is slow to load
    server.shutdown(socket.SHUT_WR)
    status = server.recv(1)
os._exit(status[0] if status else 137)  # without a word: killed
