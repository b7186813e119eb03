"""A real nginx, started with a configuration of the test's own and stopped afterwards."""

from __future__ import annotations

import grp
import os
import pwd
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

from support.upstream import PATIENCE

_PORT = re.compile(r"@port\d*\b")
_CONFIGURATION = Template("""\
daemon off;
worker_processes 1;
$user
pid $folder/pid;
error_log $folder/error.log info;
events { worker_connections 256; }
http {
    access_log $folder/access.log;
    client_body_temp_path $folder/client_body;
    proxy_temp_path $folder/proxy;
    fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi;
    scgi_temp_path $folder/scgi;
$http
}
""")


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx.

    Attributes:
        ports: The port for each `@port…` of the configuration.
        folder: Contains its `access.log` and `error.log`.
    """

    ports: Mapping[str, int]
    folder: Path

    def url(self, name: str = "@port") -> str:
        """Return the URL of a port."""
        return f"http://127.0.0.1:{self.ports[name]}"


def _user() -> str:
    """Return the directive that keeps the worker's rights: started by root it would lose them, and the folder."""
    if os.geteuid():
        return ""
    return f"user {pwd.getpwuid(0).pw_name} {grp.getgrgid(0).gr_name};"


def find_nginx() -> str:
    """Return the path of the nginx executable.

    Raises:
        AssertionError: nginx is not installed.
    """
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    found = shutil.which("nginx", path=path)
    assert found, "these tests need nginx: install it (`apt-get install nginx-light`, `brew install nginx`)"
    return found


@contextmanager
def running_nginx(folder: Path, http: str) -> Iterator[Nginx]:
    """Run nginx while the context is entered; needs no root rights.

    nginx inherits sockets that already listen: no other process can take the port, and a connection made before
    nginx is ready waits in the backlog.

    Args:
        folder: An empty folder for its files.
        http: The content of the `http` block: `server { listen 127.0.0.1:@port; … }`. `@port`, `@port2` and so
            on are replaced with free ports.
    """
    with ExitStack() as stack:
        names = sorted(set(_PORT.findall(http)))
        sockets = {name: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for name in names}
        ports = {name: int(each.getsockname()[1]) for name, each in sockets.items()}
        written = _PORT.sub(lambda found: str(ports[found[0]]), http)
        configuration = folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.substitute(folder=folder, http=written, user=_user()), encoding="utf-8"
        )
        numbers = [each.fileno() for each in sockets.values()]
        process = subprocess.Popen(
            [find_nginx(), "-p", str(folder), "-c", str(configuration), "-e", str(folder / "error.log")],
            env=os.environ | {"NGINX": "".join(f"{number};" for number in numbers)},
            pass_fds=numbers,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        # Without our copies, connections are refused once nginx has ended: a test fails and does not wait.
        for each in sockets.values():
            each.close()
        try:
            yield Nginx(ports, folder)
        finally:
            is_running = process.poll() is None
            process.terminate()
            _, errors = process.communicate(timeout=PATIENCE)
            assert is_running, f"nginx ended early: {errors}{(folder / 'error.log').read_text()}"
