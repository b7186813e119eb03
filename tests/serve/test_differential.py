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
