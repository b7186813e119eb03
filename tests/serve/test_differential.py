"""Where does a request end? Ours reads streams strictly, and where others read them too, it reads the same.

What nginx says of the same streams is in `tests/nginx/test_differential.py`.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.readings import Reading, check_agreement, read_with_h11, read_with_ours, read_with_uvicorn
from serve.streams import H11, STREAMS, UVICORN, Stream

WARM = b"POST /warm HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_request_ends_where_a_strict_reading_ends_it(stream: Stream) -> None:
    assert read_with_ours([stream.data]) == Reading(stream.requests, stream.end)
    check_agreement(stream, read_with_uvicorn([stream.data]), UVICORN)
    check_agreement(stream, read_with_h11([stream.data]), H11)


@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 80_000), max_size=8))
def test_a_stream_is_read_the_same_in_any_packets(stream: Stream, places: list[int]) -> None:
    at = [0, *sorted(place % (len(stream.data) + 1) for place in places), len(stream.data)]
    pieces = [stream.data[start:end] for start, end in pairwise(at) if start < end]
    read = read_with_ours(pieces)
    assert read.requests == stream.requests
    assert (read.end == "open") is (stream.end == "open")


@given(st.sampled_from([stream for stream in STREAMS if len(stream.data) < 300]))
def test_a_stream_is_read_the_same_byte_by_byte(stream: Stream) -> None:
    read = read_with_ours([bytes([byte]) for byte in stream.data])
    assert read.requests == stream.requests
    assert (read.end == "open") is (stream.end == "open")


@given(st.sampled_from(STREAMS), st.integers(1, 4), st.lists(st.integers(0, 80_000), max_size=8))
def test_a_stream_is_read_the_same_behind_a_head_that_repeats(
    stream: Stream, times: int, places: list[int]
) -> None:
    data = WARM * times + stream.data
    at = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    read = read_with_ours([data[start:end] for start, end in pairwise(at) if start < end])
    assert read.requests == (*[("POST", "/warm", b"abc")] * times, *stream.requests)
    assert (read.end == "open") is (stream.end == "open")


@given(st.sampled_from([each for each in STREAMS if each.requests and each.end == "open"]), st.integers(2, 5))
def test_a_stream_is_read_the_same_each_time_that_it_is_sent(stream: Stream, times: int) -> None:
    assert read_with_ours([stream.data] * times) == Reading(stream.requests * times, "open")
