"""Bodies that stream to an upstream, piece by piece as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator

from naftiko_run.http.client.connection import Broken, Connection
from naftiko_run.http.client.errors import NOT_AS_LONG


async def send_chunks(connection: Connection, chunks: AsyncIterator[bytes], length: int | None) -> None:
    """Send a body; whatever goes wrong ends the exchange of the connection, and is raised there.

    Args:
        connection: Over which the request's headers went.
        chunks: The body.
        length: What the headers say of its length; None where it goes in HTTP's own chunks.
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
    except Exception as fault:  # noqa: BLE001  # the source of the chunks is the caller's
        connection.fail(fault)
