"""The cache of access tokens, with a clock that the test controls."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import pytest

from naftiko_run.consume.authentication.oauth2 import Token, TokenCache


class Issuing:
    """Issues tokens with a lifetime when released; its clock moves only when the test advances it."""

    def __init__(self, lifetime: float = 1000.0) -> None:
        self.now = 5000.0
        self.count = 0
        self.may_give = asyncio.Event()
        self.may_give.set()
        self.is_asked = asyncio.Event()
        self._lifetime = lifetime
        self.tokens = TokenCache(lambda: self.now)

    async def fetch(self) -> Token:
        self.count += 1
        self.is_asked.set()
        name = f"token-{self.count}"
        await self.may_give.wait()
        return Token(name, self._lifetime)

    async def get(self) -> str:
        return (await self.tokens.get(self.fetch)).value


def run(test: Coroutine[None, None, None]) -> None:
    async def timed() -> None:
        async with asyncio.timeout(10):
            await test

    asyncio.run(timed())


async def renewals() -> None:
    """Wait until background tasks are done."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)


@pytest.mark.parametrize(("lifetime", "early"), [(1000.0, 60.0), (100.0, 10.0), (30.0, 3.0)])
def test_a_token_is_renewed_before_it_expires_while_it_is_still_returned(
    lifetime: float, early: float
) -> None:
    async def test() -> None:
        issuing = Issuing(lifetime)
        assert await issuing.get() == "token-1"
        issuing.now += lifetime - early - 0.001
        assert await issuing.get() == "token-1"
        await renewals()
        assert issuing.count == 1
        issuing.now += 0.001
        issuing.may_give.clear()
        assert [await issuing.get() for _ in range(5)] == ["token-1"] * 5
        issuing.may_give.set()
        await renewals()
        assert await issuing.get() == "token-2"
        assert issuing.count == 2

    run(test())


def test_an_expired_token_is_awaited() -> None:
    async def test() -> None:
        issuing = Issuing()
        await issuing.get()
        issuing.now += 1000
        assert await asyncio.gather(*(issuing.get() for _ in range(10))) == ["token-2"] * 10
        assert issuing.count == 2

    run(test())


def test_cancelling_one_caller_does_not_affect_the_others() -> None:
    async def test() -> None:
        issuing = Issuing()
        issuing.may_give.clear()
        first, second = (asyncio.ensure_future(issuing.get()) for _ in range(2))
        await issuing.is_asked.wait()
        first.cancel()
        issuing.may_give.set()
        assert await second == "token-1"
        assert first.cancelled()
        assert issuing.count == 1

    run(test())


def test_a_failed_renewal_is_retried_by_the_next_caller() -> None:
    async def test() -> None:
        issuing = Issuing()

        async def fail() -> Token:
            raise OSError("down")

        with pytest.raises(OSError, match="down"):
            await issuing.tokens.get(fail)
        assert await issuing.get() == "token-1"
        issuing.now += 990
        assert (await issuing.tokens.get(fail)).value == "token-1"
        await renewals()
        assert await issuing.get() == "token-1"
        await renewals()
        assert await issuing.get() == "token-2"

    run(test())


def test_a_rejected_token_is_discarded_and_another_is_not() -> None:
    async def test() -> None:
        issuing = Issuing()
        old = await issuing.tokens.get(issuing.fetch)
        issuing.tokens.invalidate(old)
        assert await issuing.get() == "token-2"
        issuing.tokens.invalidate(old)
        assert await issuing.get() == "token-2"

    run(test())


def test_a_cache_outlives_its_event_loop() -> None:
    issuing = Issuing()

    async def go_away_while_it_is_fetched() -> None:
        issuing.may_give = asyncio.Event()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(issuing.get(), 0.01)

    async def come_back() -> None:
        issuing.may_give = asyncio.Event()
        issuing.may_give.set()
        assert await issuing.get() == "token-2"

    run(go_away_while_it_is_fetched())
    run(come_back())
