"""How many connections there are, who waits for one, and what a caller who leaves sets free."""

from __future__ import annotations

import asyncio
import re
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module

import pytest

from consume.transports import KINDS, Kind, asking, each_kind, head_of, own_kinds, speaking, streamed, whole
from naftiko_run.consume import HttpTransport, StreamedResponse, Transport, shared_connections
from naftiko_run.errors import ClientTooSlow, NoConnection, UpstreamTimeout, UpstreamUnreachable
from naftiko_run.http import client
from naftiko_run.http.client import connection
from naftiko_run.http.client.httpx_transport import HttpxTransport
from naftiko_run.http.client.limiter import Limits
from support.descriptors import no_descriptors_left
from support.upstream import PATIENCE

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def limited(kind: Kind, limits: Limits) -> Kind:
    return replace(kind, make=lambda timeout: HttpTransport(timeout, limits))


@dataclass
class Held:
    """An upstream that answers when it is told to."""

    url: str = ""
    open: int = 0
    most_open: int = 0
    targets: list[str] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait_until(self, so: Callable[[], bool]) -> None:
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(so), PATIENCE)

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._note(1)
        try:
            while True:
                head = await head_of(reader)
                self.targets.append(head.split(b" ")[1].decode())
                await self._note(0)
                hung_up = asyncio.create_task(reader.read(1))
                freed = asyncio.create_task(self.free.wait())
                done, _ = await asyncio.wait({hung_up, freed}, return_when=asyncio.FIRST_COMPLETED)
                hung_up.cancel()
                freed.cancel()
                await asyncio.wait({hung_up, freed})
                if hung_up in done:
                    return
                writer.write(OK)
        finally:
            await self._note(-1)

    async def _note(self, change: int) -> None:
        self.open += change
        self.most_open = max(self.open, self.most_open)
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def holding() -> AsyncIterator[Held]:
    held = Held()
    async with speaking(held.speak) as url:
        held.url = url
        yield held
        held.free.set()


@own_kinds
def test_a_thousand_requests_share_a_few_connections(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as held:
            held.free.set()
            requests = (transport.send(asking(f"{held.url}/{number}")) for number in range(1000))
            answers = await asyncio.gather(*requests)
            assert [answer.body for answer in answers] == [b"ok"] * 1000
            assert held.most_open <= 8
            assert sorted(held.targets) == sorted(f"/x/{number}" for number in range(1000))

    limited(kind, Limits(to_one=8)).run(use)


@own_kinds
def test_who_waits_is_served_in_order(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as held:
            tasks = []
            for number in range(6):
                tasks.append(asyncio.create_task(transport.send(asking(f"{held.url}/{number}"))))
                await asyncio.sleep(0)
            await held.wait_until(lambda: len(held.targets) == 1)
            held.free.set()
            await asyncio.gather(*tasks)
            assert held.targets == [f"/x/{number}" for number in range(6)]
            assert held.most_open == 1

    limited(kind, Limits(to_one=1)).run(use)


@own_kinds
def test_who_leaves_the_queue_takes_nobodys_place(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as held:
            tasks = [asyncio.create_task(transport.send(asking(f"{held.url}/{each}"))) for each in range(6)]
            await held.wait_until(lambda: len(held.targets) == 1)
            for each in (1, 3, 5):
                tasks[each].cancel()
            held.free.set()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            assert [isinstance(each, asyncio.CancelledError) for each in answers] == [False, True] * 3
            assert held.targets == ["/x/0", "/x/2", "/x/4"]

    limited(kind, Limits(to_one=1)).run(use)


@own_kinds
def test_who_leaves_just_as_a_connection_comes_passes_it_on(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as held:
            held.free.set()
            await transport.send(asking(held.url))
            held.free.clear()

            async def first_and_then() -> None:
                await transport.send(asking(held.url))
                second.cancel()  # whose connection it is by now

            first = asyncio.create_task(first_and_then())
            await held.wait_until(lambda: len(held.targets) == 2)
            second = asyncio.create_task(transport.send(asking(f"{held.url}/second")))
            third = asyncio.create_task(transport.send(asking(f"{held.url}/third")))
            await asyncio.sleep(0)
            held.free.set()
            assert (await third).body == b"ok"
            await first
            assert second.cancelled()
            assert held.targets == ["/x", "/x", "/x/third"]
            assert held.most_open == 1

    limited(kind, Limits(to_one=1)).run(use)


@own_kinds
def test_who_waits_too_long_is_told(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with speaking(forever) as url:
            first, second = await asyncio.gather(
                transport.send(asking(url, timeout=0.4)),
                transport.send(asking(url, timeout=0.2)),
                return_exceptions=True,
            )
            assert isinstance(first, UpstreamTimeout)
            assert isinstance(second, NoConnection)
            assert re.fullmatch(
                r"a\.b: no connection to 127\.0\.0\.1:\d+ became free within 0\.2 s \(1 in use\)",
                second.message,
            )
            assert "--max-connections-per-origin" in second.hint

    async def forever(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    limited(kind, Limits(to_one=1)).run(use)


@own_kinds
def test_a_call_that_got_its_connection_late_says_so(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        asked, free = asyncio.Event(), asyncio.Event()

        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head_of(reader)
            asked.set()
            await free.wait()
            writer.write(OK)
            await reader.read()

        async with speaking(speak) as url:
            first = asyncio.create_task(transport.send(asking(url)))
            await asked.wait()
            second = asyncio.create_task(transport.send(asking(url, timeout=1.0)))
            await asyncio.wait({second}, timeout=0.7)
            free.set()
            assert (await first).body == b"ok"
            with pytest.raises(UpstreamTimeout) as refused:
                await second
            assert re.fullmatch(
                r"a\.b: 127\.0\.0\.1:\d+ did not respond within 1 s, of which the request waited 0\.\d+ s for a "
                r"connection",
                refused.value.message,
            )

    limited(kind, Limits(to_one=1)).run(use)


@own_kinds
def test_origins_share_what_there_is_in_all(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with AsyncExitStack() as stack:
            upstreams = [await stack.enter_async_context(holding()) for _ in range(3)]
            for held in upstreams:
                held.free.set()
            for _ in range(2):
                for held in upstreams:
                    assert (await transport.send(asking(held.url))).body == b"ok"
            requests = [transport.send(asking(held.url)) for _ in range(20) for held in upstreams]
            assert [answer.body for answer in await asyncio.gather(*requests)] == [b"ok"] * 60
            for held in upstreams:
                assert held.most_open <= 2

    limited(kind, Limits(in_all=2)).run(use)


@own_kinds
def test_origins_take_turns_as_their_callers_came(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as busy, holding() as other:
            served: list[str] = []

            async def call(held: Held, name: str) -> None:
                await transport.send(asking(held.url))
                served.append(name)

            first = [asyncio.create_task(call(busy, f"busy {number}")) for number in range(3)]
            await busy.wait_until(lambda: len(busy.targets) == 1)
            between = asyncio.create_task(call(other, "other"))
            await asyncio.sleep(0)
            last = [asyncio.create_task(call(busy, f"busy {number}")) for number in range(3, 6)]
            await asyncio.sleep(0)
            busy.free.set()
            other.free.set()
            await asyncio.gather(*first, between, *last)
            assert served == ["busy 0", "busy 1", "busy 2", "other", "busy 3", "busy 4", "busy 5"]

    limited(kind, Limits(in_all=1)).run(use)


@own_kinds
def test_an_upstream_that_hangs_leaves_others_their_connections(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as hanging, holding() as quick:
            quick.free.set()
            stuck = [asyncio.create_task(transport.send(asking(hanging.url))) for _ in range(10)]
            await hanging.wait_until(lambda: len(hanging.targets) == 2)
            assert (await transport.send(asking(quick.url))).body == b"ok"
            hanging.free.set()
            await asyncio.gather(*stuck)

    limited(kind, Limits(to_one=2, in_all=3)).run(use)


@own_kinds
def test_origins_that_hang_leave_the_next_a_connection(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as first, holding() as second, holding() as third:
            third.free.set()
            stuck = [asyncio.create_task(transport.send(asking(first.url))) for _ in range(20)]
            await first.wait_until(lambda: len(first.targets) == 4)
            stuck += [asyncio.create_task(transport.send(asking(second.url))) for _ in range(20)]
            await second.wait_until(lambda: len(second.targets) == 2)
            for _ in range(3):
                assert (await transport.send(asking(third.url))).body == b"ok"
            assert (first.most_open, second.most_open) == (4, 2)
            first.free.set()
            second.free.set()
            await asyncio.gather(*stuck)
            assert first.most_open + second.most_open <= 8

    limited(kind, Limits(to_one=8, in_all=8)).run(use)


@own_kinds
def test_an_idle_connection_of_one_origin_is_no_reason_for_another_to_wait(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as first, holding() as second:
            busy = [asyncio.create_task(transport.send(asking(first.url))) for _ in range(2)]
            await first.wait_until(lambda: len(first.targets) == 2)
            waiting = [asyncio.create_task(transport.send(asking(second.url))) for _ in range(2)]
            await second.wait_until(lambda: len(second.targets) == 1)
            first.free.set()
            await asyncio.gather(*busy)
            await second.wait_until(lambda: len(second.targets) == 2)
            second.free.set()
            await asyncio.gather(*waiting)

    limited(kind, Limits(to_one=4, in_all=4)).run(use)


@own_kinds
def test_the_limit_on_all_is_named_where_it_is_the_reason(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as first, holding() as second:
            tasks = [asyncio.create_task(transport.send(asking(each.url))) for each in (first, second)]
            await second.wait_until(lambda: len(second.targets) == 1)
            with pytest.raises(NoConnection, match=r"\(1 in use, 2 to all upstreams\)$") as failed:
                await transport.send(asking(second.url, timeout=0.1))
            assert "--max-connections allows more" in failed.value.hint
            first.free.set()
            second.free.set()
            await asyncio.gather(*tasks)

    limited(kind, Limits(in_all=2)).run(use)


def test_clients_of_httpx_share_what_there_is_in_all() -> None:
    kind = replace(KINDS["httpx"], make=lambda timeout: HttpxTransport(timeout, Limits(in_all=1)))

    async def use(transport: Transport) -> None:
        async with holding() as busy, holding() as other:
            first = asyncio.create_task(transport.send(asking(busy.url)))
            await busy.wait_until(lambda: len(busy.targets) == 1)
            with pytest.raises(NoConnection, match=r"\(0 in use, 1 to all upstreams\)$") as refused:
                await transport.send(asking(other.url, timeout=0.3, tls=ssl.create_default_context()))
            assert "--max-connections " in refused.value.hint
            assert not other.targets
            busy.free.set()
            other.free.set()
            assert (await first).body == b"ok"
            response = await transport.send(asking(other.url, tls=ssl.create_default_context()))
            assert await whole(response) == b"ok"

    kind.run(use)


def test_the_stock_client_has_the_same_limit_for_an_origin() -> None:
    kind = replace(KINDS["httpx"], make=lambda timeout: HttpxTransport(timeout, Limits(to_one=1)))

    async def use(transport: Transport) -> None:
        async with holding() as held:
            first = asyncio.create_task(transport.send(asking(held.url)))
            await held.wait_until(lambda: len(held.targets) == 1)
            with pytest.raises(NoConnection, match=r"became free within 0\.1 s \(1 in use\)$"):
                await transport.send(asking(held.url, timeout=0.1))
            held.free.set()
            await first
            response = await streamed(transport, asking(held.url))
            with pytest.raises(NoConnection):
                await transport.send(asking(held.url, timeout=0.1))
            await response.aclose()
            await response.aclose()
            assert (await transport.send(asking(held.url))).body == b"ok"

    kind.run(use)


@each_kind
@pytest.mark.parametrize("stream", [False, True])
def test_a_caller_who_leaves_closes_the_connection(kind: Kind, *, stream: bool) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as held:
            task = asyncio.ensure_future(transport.send(asking(held.url, stream=stream)))
            await held.wait_until(lambda: len(held.targets) == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await held.wait_until(lambda: held.open == 0)
            held.free.set()
            assert (await transport.send(asking(held.url))).body == b"ok"

    kind.run(use)


@own_kinds
def test_a_caller_who_leaves_while_it_connects_sets_the_place_free(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as held:
            held.free.set()
            for steps in range(12):
                task = asyncio.ensure_future(transport.send(asking(held.url)))
                for _ in range(steps):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            assert (await transport.send(asking(held.url))).body == b"ok"

    limited(kind, Limits(to_one=1)).run(use)


@own_kinds
def test_a_half_read_answer_is_no_ones_beginning(kind: Kind) -> None:
    served = 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        await head_of(reader)
        served += 1
        if served == 1:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
            half.set()
            await reader.read()
        else:
            writer.write(OK)

    half = asyncio.Event()

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            task = asyncio.ensure_future(transport.send(asking(url)))
            await half.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert (await transport.send(asking(url))).body == b"ok"

    limited(kind, Limits(to_one=1)).run(use)


@each_kind
def test_closing_ends_what_is_in_flight(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as held:
            task = asyncio.ensure_future(transport.send(asking(held.url)))
            await held.wait_until(lambda: len(held.targets) == 1)
            await transport.aclose()
            await held.wait_until(lambda: held.open == 0)
            task.cancel()
            (gone,) = await asyncio.gather(task, return_exceptions=True)
            assert isinstance(gone, UpstreamUnreachable | asyncio.CancelledError)

    kind.run(use)


@own_kinds
def test_closing_sends_those_away_who_wait_or_connect(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as held:
            tasks = [asyncio.ensure_future(transport.send(asking(held.url))) for _ in range(3)]
            await held.wait_until(lambda: len(held.targets) == 1)
            late = asyncio.ensure_future(transport.send(asking(held.url.replace("127.0.0.1", "127.0.0.2"))))
            await asyncio.sleep(0)
            await transport.aclose()
            gone = await asyncio.gather(*tasks, late, return_exceptions=True)
            assert [type(each) for each in gone] == [UpstreamUnreachable] * 4
            await held.wait_until(lambda: held.open == 0)

    limited(kind, Limits(to_one=1)).run(use)


@each_kind
def test_a_transport_serves_one_loop_after_another(kind: Kind) -> None:
    transport = kind.make(PATIENCE)

    async def session() -> bytes:
        async with holding() as held:
            held.free.set()
            body = await whole(await transport.send(asking(held.url)))
            await transport.aclose()
            return body

    for _ in range(2):
        with asyncio.Runner(loop_factory=kind.loop) as runner:
            assert runner.run(session()) == b"ok"


@own_kinds
def test_more_idle_connections_than_are_kept_are_closed_in_a_moment(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as held:
            tasks = [asyncio.create_task(transport.send(asking(held.url))) for _ in range(5)]
            await held.wait_until(lambda: len(held.targets) == 5)
            held.free.set()
            await asyncio.gather(*tasks)
            assert held.open == 5
            await held.wait_until(lambda: held.open == 2)

    limited(kind, Limits(idle=2)).run(use)


@dataclass
class Streaming:
    """An upstream that answers `/long` with what never ends, and takes `/take` for ever; all else at once."""

    url: str = ""
    began: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await head_of(reader)
            if b"/long" in head:
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                self.began.release()
                while True:
                    writer.write(bytes(65536))
                    await writer.drain()
            if b"/take" in head:
                self.began.release()
                await reader.read()
                return
            writer.write(OK)


async def read_to_the_end(response: StreamedResponse) -> None:
    try:
        async for _ in response.chunks:
            pass
    finally:
        await response.aclose()


async def never(first: bytes = b"first") -> AsyncIterator[bytes]:
    """Give the body of a client that does not go on."""
    yield first
    await asyncio.get_running_loop().create_future()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have clients called slow sooner than is kind to them."""
    monkeypatch.setattr(connection, "CLIENT_GRACE", 0.2)


@own_kinds
@pytest.mark.usefixtures("impatient")
def test_clients_that_are_slow_to_send_give_their_connections_up(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        upstream = Streaming()
        async with speaking(upstream.speak) as url:
            slow = [
                asyncio.ensure_future(streamed(transport, asking(f"{url}/take", "POST", chunks=never())))
                for _ in range(2)
            ]
            for _ in slow:
                await upstream.began.acquire()
            assert (await transport.send(asking(url))).body == b"ok"
            done, pending = await asyncio.wait(slow, return_when=asyncio.FIRST_COMPLETED)
            assert len(done) == len(pending) == 1  # one was enough
            with pytest.raises(ClientTooSlow, match="the client was too slow"):
                done.pop().result()
            for each in pending:
                each.cancel()
            await asyncio.wait(pending)

    limited(kind, Limits(to_one=2)).run(use)


@own_kinds
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("limits", [Limits(to_one=2), Limits(in_all=4)])
def test_clients_that_are_slow_to_read_give_their_connections_up(kind: Kind, limits: Limits) -> None:
    async def use(transport: Transport) -> None:
        upstream = Streaming()
        async with speaking(upstream.speak) as url:
            answers = [await streamed(transport, asking(f"{url}/long")) for _ in range(2)]
            for answer in answers:
                assert await anext(aiter(answer.chunks))
            assert (await transport.send(asking(url))).body == b"ok"
            reading = [asyncio.create_task(read_to_the_end(each)) for each in answers]
            done, pending = await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
            assert len(done) == len(pending) == 1  # one was enough
            with pytest.raises(ClientTooSlow, match="the client was too slow"):
                done.pop().result()
            for each in pending:
                each.cancel()
            await asyncio.wait(pending)

    limited(kind, limits).run(use)


@own_kinds
def test_a_client_that_took_much_at_once_is_too_slow_after_a_while_all_the_same(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CLIENT_RATE", 1)  # what it took would be enough for hours
    monkeypatch.setattr(connection, "CLIENT_SECONDS", 0.2)

    async def use(transport: Transport) -> None:
        upstream = Streaming()
        async with speaking(upstream.speak) as url:
            answer = await streamed(transport, asking(f"{url}/long"))
            assert await anext(aiter(answer.chunks))
            assert (await transport.send(asking(url))).body == b"ok"
            with pytest.raises(ClientTooSlow, match="the client was too slow"):
                await read_to_the_end(answer)

    limited(kind, Limits(to_one=1)).run(use)


@own_kinds
@pytest.mark.usefixtures("impatient")
def test_a_client_is_not_too_slow_that_waits_for_its_upstream(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as held:
            first = asyncio.create_task(streamed(transport, asking(held.url)))
            await held.wait_until(lambda: len(held.targets) == 1)
            with pytest.raises(NoConnection):
                await transport.send(asking(held.url, timeout=2.0))
            held.free.set()
            assert await whole(await first) == b"ok"

    limited(kind, Limits(to_one=1)).run(use)


@own_kinds
def test_an_answer_that_is_here_holds_no_connection_for_a_client_that_does_not_read(kind: Kind) -> None:
    body = bytes(100_000)
    served: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            served.append(await head_of(reader))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body))
            writer.write(body[:50_000])
            await writer.drain()
            await first_taken.wait()
            writer.write(body[50_000:])

    first_taken = asyncio.Event()

    async def use(transport: Transport) -> None:
        async with speaking(speak) as url:
            slow = await streamed(transport, asking(url))
            pieces = aiter(slow.chunks)
            taken = await anext(pieces)
            first_taken.set()
            assert await whole(await streamed(transport, asking(url))) == body
            taken += b"".join([piece async for piece in pieces])
            await slow.aclose()
            assert taken == body

    limited(kind, Limits(to_one=1)).run(use)


@each_kind
def test_no_file_descriptor_left_is_told_and_passes(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as held:
            held.free.set()
            await transport.send(asking(held.url))
            with (
                no_descriptors_left(),
                pytest.raises(NoConnection, match="has no file descriptor left") as failed,
            ):
                await transport.send(asking(held.url.replace("127.0.0.1", "127.0.0.2")))
            assert "ulimit -n" in failed.value.hint
            assert (await transport.send(asking(held.url))).body == b"ok"

    kind.run(use)


@pytest.mark.parametrize("is_served", [True, False])
def test_the_first_call_needs_no_descriptor_for_modules(
    is_served: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("connecting", "connection", "origin_transport", "pool"):
        loaded = import_module(f"naftiko_run.http.client.{name}")
        monkeypatch.setattr(client, name, loaded)  # both are restored after the test
        monkeypatch.delitem(sys.modules, loaded.__name__)

    async def call() -> None:
        async with AsyncExitStack() as stack:
            if is_served:
                await stack.enter_async_context(shared_connections())
            transport = HttpTransport()
            with no_descriptors_left(), pytest.raises(NoConnection, match="has no file descriptor left"):
                await transport.send(asking("http://127.0.0.2:9/"))
            assert ("naftiko_run.http.client.origin_transport" in sys.modules) == is_served
            await transport.aclose()

    asyncio.run(call())


@own_kinds
def test_who_gets_a_connection_as_its_time_ends_is_told_of_the_full_pool(kind: Kind) -> None:
    async def use(transport: Transport) -> None:
        async with holding() as held:
            deadline = asyncio.get_running_loop().time() + 1.0
            first = asking(held.url, timeout=1.0, deadline=deadline)
            second = asking(held.url, timeout=1.0, deadline=deadline + 0.008)
            sent = (transport.send(first), transport.send(second))
            faults = await asyncio.gather(*sent, return_exceptions=True)
            assert [type(fault) for fault in faults] == [UpstreamTimeout, NoConnection]
            assert "(1 in use" in str(faults[1])
            assert len(held.targets) == 1

    limited(kind, Limits(to_one=1)).run(use)
