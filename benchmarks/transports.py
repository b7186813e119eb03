"""What one exchange with an upstream costs: our own client beside those that could have carried it.

Each is driven directly, without a server of ours: POST of 200 bytes of JSON with an
Authorization header to nginx on loopback, 1 and 32 exchanges at a time, in turns.
nginx has a core of its own where there are two, and all threads of a client share
another. Prints one table of ratios, by the clock and by the CPU's time: on a machine
that has other work, a client of several threads takes more of it by the clock.

    pip install --group bench . && python benchmarks/transports.py
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final

import aiohttp
import httpx
import uvloop
from httpx_aiohttp import AiohttpTransport
from pyreqwest.client import ClientBuilder
from rich.console import Console
from rich.table import Table

from naftiko_run.consume import HttpTransport, OutgoingRequest

AT_ONCE: Final = (1, 32)
ROUNDS: Final = 5
SECONDS: Final = 0.8
BODY: Final = b'{"data": "' + b"x" * 188 + b'"}'
HEADERS: Final = {
    "Authorization": "Basic bWU6czNjcmV0",
    "Content-Type": "application/json",
    "User-Agent": "benchmark",
    "Accept": "*/*",
}
_CONF: Final = """\
worker_processes 1; daemon off; pid {folder}/pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port}; default_type application/json;
        location / {{ return 200 '{{"ok": true, "items": [1, 2, 3]}}'; }}
    }}
}}
"""

_CORES: Final = sorted(os.sched_getaffinity(0))

Exchange = Callable[[], Awaitable[object]]
Candidate = Callable[[str, AsyncExitStack], Awaitable[Exchange]]


@dataclass
class Measured:
    """What the rounds of one candidate took.

    Attributes:
        rates: Exchanges in a second of the clock, by round.
        costs: Microseconds of this process's CPU for each exchange, by round.
    """

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)


async def own(url: str, stack: AsyncExitStack) -> Exchange:
    """Our own client."""
    transport = HttpTransport()
    stack.push_async_callback(transport.aclose)
    headers = list(HEADERS.items())
    return lambda: transport.send(OutgoingRequest("a.b", "POST", url, tuple(headers), BODY))


async def pyreqwest(url: str, stack: AsyncExitStack) -> Exchange:
    """Rust's reqwest."""
    client = await stack.enter_async_context(ClientBuilder().build())

    async def exchange() -> object:
        response = await client.post(url).headers(HEADERS).body_bytes(BODY).build().send()
        return await response.bytes()

    return exchange


async def aiohttp_client(url: str, stack: AsyncExitStack) -> Exchange:
    """The client of aiohttp."""
    session = await stack.enter_async_context(
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=256), auto_decompress=True)
    )

    async def exchange() -> object:
        async with session.post(url, headers=HEADERS, data=BODY, allow_redirects=False) as response:
            return await response.read()

    return exchange


async def httpx_aiohttp(url: str, stack: AsyncExitStack) -> Exchange:
    """The API of httpx over the connections of aiohttp."""
    client = httpx.AsyncClient(transport=AiohttpTransport(client=aiohttp.ClientSession))
    await stack.enter_async_context(client)
    return lambda: client.post(url, headers=HEADERS, content=BODY)


async def httpx_client(url: str, stack: AsyncExitStack) -> Exchange:
    """The API and the connections of httpx."""
    limits = httpx.Limits(max_connections=256, max_keepalive_connections=64)
    client = await stack.enter_async_context(httpx.AsyncClient(limits=limits))
    return lambda: client.post(url, headers=HEADERS, content=BODY)


CANDIDATES: Final[dict[str, Candidate]] = {
    f"own (httptools {version('httptools')})": own,
    f"pyreqwest {version('pyreqwest')}": pyreqwest,
    f"aiohttp {version('aiohttp')}": aiohttp_client,
    f"httpx-aiohttp {version('httpx-aiohttp')}": httpx_aiohttp,
    f"httpx {version('httpx')}": httpx_client,
}
"""By name and version; the last is what the others are compared with."""


@contextmanager
def upstream() -> Iterator[str]:
    """Run nginx; give its URL.

    Raises:
        SystemExit: It is not installed.
    """
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if nginx is None:
        raise SystemExit("This needs nginx (apt-get install nginx-light).")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        conf = Path(folder, "nginx.conf")
        conf.write_text(_CONF.format(folder=folder, port=port), encoding="utf-8")
        with subprocess.Popen([nginx, "-c", conf, "-p", folder, "-e", "stderr"]) as process:
            try:
                _pin(process.pid, 1)
                _wait_for(port)
                yield f"http://127.0.0.1:{port}/v1/track"
            finally:
                process.terminate()


def _pin(process: int | str, core: int) -> None:
    """Keep a process, all its threads, on one core: a client of several threads would have two."""
    threads = [int(each.name) for each in Path("/proc", str(process), "task").iterdir()]
    if len(_CORES) > core:
        for thread in threads:
            os.sched_setaffinity(thread, {_CORES[core]})


def _wait_for(port: int) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
        else:
            return


async def drive(exchange: Exchange, at_once: int, seconds: float) -> tuple[float, float]:
    """Make exchanges for some time; give how many there were in a second, and the CPU's microseconds for each."""
    end = time.perf_counter() + seconds
    count = 0

    async def one_after_the_other() -> None:
        nonlocal count
        while time.perf_counter() < end:
            await exchange()
            count += 1

    started, worked = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    taken, worked = time.perf_counter() - started, time.process_time() - worked
    return count / taken, worked / count * 1e6


async def measure(url: str) -> dict[tuple[str, int], Measured]:
    """Drive all candidates in turns."""
    found: dict[tuple[str, int], Measured] = {}
    async with AsyncExitStack() as stack:
        exchanges = {name: await begin(url, stack) for name, begin in CANDIDATES.items()}
        for exchange in exchanges.values():
            await exchange()
        _pin("self", 0)
        for round_number in range(ROUNDS + 1):
            for at_once in AT_ONCE:
                for name, exchange in exchanges.items():
                    rate, cost = await drive(exchange, at_once, SECONDS if round_number else SECONDS / 4)
                    if round_number:  # the first warms up
                        measured = found.setdefault((name, at_once), Measured())
                        measured.rates.append(rate)
                        measured.costs.append(cost)
    return found


def main() -> None:
    """Print the table."""
    with upstream() as url:
        found = uvloop.run(measure(url))
    table = Table(
        title=f"One exchange with nginx, Python {sys.version.split()[0]}, uvloop {version('uvloop')}"
    )
    table.add_column("")
    for at_once in AT_ONCE:
        table.add_column(f"{at_once} at once: a second", justify="right")
        table.add_column("CPU each, µs", justify="right")
        table.add_column("CPU: httpx = 1", justify="right")
    last = list(CANDIDATES)[-1]
    for name in CANDIDATES:
        cells = []
        for at_once in AT_ONCE:
            rate, cost = median(found[name, at_once].rates), median(found[name, at_once].costs)
            cells += [f"{rate:,.0f}", f"{cost:.0f}", f"{median(found[last, at_once].costs) / cost:.1f}"]
        table.add_row(name, *cells)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
