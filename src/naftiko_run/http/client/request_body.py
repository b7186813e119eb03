"""Streaming of request bodies to an upstream."""

from __future__ import annotations

from collections.abc import AsyncIterator

from naftiko_run.http.client.connection import Broken, Connection
from naftiko_run.http.client.errors import NOT_AS_LONG


async def send_chunks(connection: Connection, chunks: AsyncIterator[bytes], length: int | None) -> None:
    """Send a streamed body; an error aborts the connection's exchange, which raises it.

    Args:
        connection: The connection, over which the head of the request was sent.
        chunks: The body.
        length: The declared Content-Length; None for chunked transfer coding.
    """
    sent = 0
    try:
        async for chunk in chunks:
            sent += len(chunk)
            if length is None:
                if chunk:
                    await connection.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            elif sent <= length:
                await connection.send(chunk)
            else:
                break
        if length is None:
            await connection.send(b"0\r\n\r\n")
        elif sent != length:
            connection.fail(Broken(NOT_AS_LONG))
        connection.end_sending()
    except Exception as fault:  # noqa: BLE001 - the caller's iterator can raise anything
        connection.fail(fault)
