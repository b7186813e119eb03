"""Hands its streams and its environment to whoever starts the command, and ends as that does."""

import json
import os
import socket
import struct
import sys

if __name__ == "__main__":
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(sys.argv[1])
        socket.send_fds(line, [json.dumps(dict(os.environ)).encode()], [0, 1, 2])
        os.close(0)
        os.close(1)
        os._exit(struct.unpack("!i", line.recv(4))[0])
