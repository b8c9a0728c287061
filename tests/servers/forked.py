"""`python3` to the jobs of a forked workflow: has forks.py, at the socket named first, run the rest.

Modules that are slow to load are left out: `pathlib`, and `socket` around `_socket`.
"""

import _socket
import marshal
import os
import sys

server = _socket.socket(_socket.AF_UNIX)
server.connect(sys.argv[1])
own_files = b"".join(file.to_bytes(4, sys.byteorder) for file in range(3))
server.sendmsg([b"."], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, own_files)])
server.sendall(marshal.dumps((sys.argv[2:], os.getcwd(), dict(os.environ))))  # noqa: PTH109
server.shutdown(_socket.SHUT_WR)
status = server.recv(1)
os._exit(status[0] if status else 137)  # without a word: killed
