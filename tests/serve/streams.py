"""Byte streams of clients, good and hostile, and where a strict reading of RFC 9112 ends each request.

Learnt from the smuggling literature and from differential suites: each line is one way in which two servers were
found to disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Request = tuple[str, str, bytes]
"""Method, path with query, and body."""
End = Literal["open", "closed"] | int
"""After the requests: more may come; the connection is closed; or it is, with this status."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What a client sends, and how it is to be read.

    Attributes:
        name: What it tries.
        data: The bytes.
        requests: The requests that end within them.
        end: What comes after those.
        apart: Servers that are known to read it otherwise, or to refuse what is valid.
    """

    name: str
    data: bytes
    requests: tuple[Request, ...]
    end: End
    apart: tuple[str, ...] = ()


def get(path: str = "/", *lines: bytes) -> bytes:
    """Return a request without a body."""
    return b"".join(
        [b"GET %b HTTP/1.1\r\nHost: a\r\n" % path.encode(), *(line + b"\r\n" for line in lines), b"\r\n"]
    )


def post(body: bytes, *lines: bytes) -> bytes:
    """Return a request with these headers and body."""
    return b"".join([b"POST / HTTP/1.1\r\nHost: a\r\n", *(line + b"\r\n" for line in lines), b"\r\n", body])


NEXT: Final = get("/next")
INNER: Final = get("/inner")
CHUNKED: Final = b"Transfer-Encoding: chunked"
HELLO: Final = b"5\r\nhello\r\n0\r\n\r\n"
FIRST: Final[Request] = ("GET", "/", b"")
SECOND: Final[Request] = ("GET", "/next", b"")
POSTED: Final[Request] = ("POST", "/", b"hello")
NGINX, UVICORN, H11 = "nginx", "uvicorn", "h11"


def taken(
    name: str, data: bytes, *requests: Request, end: End = "open", apart: tuple[str, ...] = ()
) -> Stream:
    """Return a stream of valid requests, followed by ``NEXT`` where it stays open."""
    if end == "open":
        return Stream(name, data + NEXT, (*requests, SECOND), end, apart)
    return Stream(name, data + NEXT, requests, end, apart)


def refused(name: str, data: bytes, status: int = 400, *before: Request) -> Stream:
    """Return a stream that is refused; ``NEXT`` behind it is never read."""
    return Stream(name, data + NEXT, before, status)


_PLAIN = [
    Stream("nothing", b"", (), "open"),
    taken("one", get(), FIRST),
    taken("several", get() * 3, FIRST, FIRST, FIRST),
    taken("length", post(b"hello", b"Content-Length: 5"), POSTED),
    taken("length of nothing", post(b"", b"Content-Length: 0"), ("POST", "/", b"")),
    taken("no length", post(b""), ("POST", "/", b"")),
    taken("length, many zeros", post(b"hello", b"Content-Length: 0000005"), POSTED),
    taken("length, spaces", post(b"hello", b"Content-Length:   5  "), POSTED),
    taken("length, no space", post(b"hello", b"content-length:5"), POSTED),
    taken(
        "body that looks like a request",
        post(INNER, b"Content-Length: %d" % len(INNER)),
        ("POST", "/", INNER),
    ),
    taken("GET with a body", get("/", b"Content-Length: 5") + b"hello", ("GET", "/", b"hello")),
    taken("chunks", post(HELLO, CHUNKED), POSTED),
    taken("no chunks", post(b"0\r\n\r\n", CHUNKED), ("POST", "/", b"")),
    taken("many chunks", post(b"1\r\nh\r\n2\r\nel\r\n2\r\nlo\r\n0\r\n\r\n", CHUNKED), POSTED),
    taken(
        "chunk sizes in hex",
        post(b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", CHUNKED),
        ("POST", "/", b"0123456789" * 2),
    ),
    taken("chunk sizes with zeros", post(b"0005\r\nhello\r\n000\r\n\r\n", CHUNKED), POSTED),
    taken(
        "chunk that looks like an end",
        post(b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", CHUNKED),
        ("POST", "/", b"0\r\n\r\n"),
    ),
    taken(
        "chunk that looks like a request",
        post(b"%x\r\n%b\r\n0\r\n\r\n" % (len(INNER), INNER), CHUNKED),
        ("POST", "/", INNER),
    ),
    taken("chunk extensions", post(b'5;a;b=c;d="e;f"\r\nhello\r\n0;z\r\n\r\n', CHUNKED), POSTED),
    taken("trailers", post(b"5\r\nhello\r\n0\r\nX-A: b\r\nX-C: d\r\n\r\n", CHUNKED), POSTED),
    taken(
        "trailer that closes",
        post(b"5\r\nhello\r\n0\r\nConnection: close\r\n\r\n", CHUNKED),
        POSTED,
        apart=(UVICORN,),
    ),
    taken("coding in capitals", post(HELLO, b"TRANSFER-ENCODING: CHUNKED"), POSTED),
    taken("coding without space", post(HELLO, b"Transfer-Encoding:chunked"), POSTED),
    taken("coding after a tab", post(HELLO, b"Transfer-Encoding:\tchunked"), POSTED, apart=(NGINX,)),
    taken("coding before spaces", post(HELLO, b"Transfer-Encoding: chunked  "), POSTED),
    taken("coding, underscore", post(b"hello", b"Transfer_Encoding: chunked", b"Content-Length: 5"), POSTED),
    taken("empty header", get("/", b"X-Empty:", b"X-Blank:   "), FIRST),
    taken("header beyond ASCII", get("/", b"X-A: \xc3\xa9 \xff"), FIRST),
    taken("line before", b"\r\n" + get(), FIRST, apart=(H11,)),
    taken(
        "line between", post(b"hello", b"Content-Length: 5") + b"\r\n" + get(), POSTED, FIRST, apart=(H11,)
    ),
    taken("query", get("/a/b%2Fc?d=e&f"), ("GET", "/a/b%2Fc?d=e&f", b"")),
    taken("absolute target", get("http://a/b?c"), ("GET", "/b?c", b"")),
    taken("absolute target without path", get("http://a"), FIRST, apart=(UVICORN,)),
    taken("host with a port", b"GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", FIRST),
    taken("host of six", b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", FIRST),
    taken("close", get("/", b"Connection: close"), FIRST, end="closed"),
    taken("close among others", get("/", b"Connection: x, Close"), FIRST, end="closed"),
    taken("old", b"GET / HTTP/1.0\r\n\r\n", FIRST, end="closed"),
    taken("old with length", b"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", POSTED, end="closed"),
    taken("old that stays", b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", FIRST, end="closed"),
    taken("asks first", post(b"hello", b"Expect: 100-continue", b"Content-Length: 5"), POSTED),
    taken("asks first, no body", get("/", b"Expect: 100-continue"), FIRST),
    Stream("part of a head", b"GET / HTTP/1.1\r\nHost: a\r\nX:", (), "open"),
    Stream("part of an end", b"GET / HTTP/1.1\r\nHost: a\r\n\r", (), "open"),
    Stream("part of a body", post(b"hel", b"Content-Length: 5"), (), "open"),
    Stream("part of a chunk", post(b"5\r\nhel", CHUNKED), (), "open"),
    Stream("part of the last chunk", post(b"5\r\nhello\r\n0\r\n", CHUNKED), (), "open"),
]
_UPGRADES = [
    # uvicorn reads no more behind a head that asks for another protocol.
    *(
        taken(
            f"upgrade, {name}",
            post(body, b"Connection: Upgrade", b"Upgrade: h2c", *lines),
            request,
            apart=(UVICORN,),
        )
        for name, body, lines, request in (
            ("no body", b"", (b"HTTP2-Settings: AAMAAABk",), ("POST", "/", b"")),
            ("length", b"hello", (b"Content-Length: 5",), POSTED),
            ("chunks", HELLO, (CHUNKED,), POSTED),
            ("twice", HELLO, (b"UPGRADE: x", CHUNKED), POSTED),
            ("inner request", INNER, (b"Content-Length: %d" % len(INNER),), ("POST", "/", INNER)),
        )
    ),
    taken("upgrade that is not for us", get("/", b"Upgrade: websocket"), FIRST),
    refused(
        "upgrade with length and coding",
        post(HELLO, b"Connection: upgrade", b"Upgrade: x", CHUNKED, b"Content-Length: 3"),
    ),
    refused("preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    refused("tunnel", b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 501),
]
_LENGTHS = [
    refused(f"length {each!r}", post(b"hello", b"Content-Length: " + each))
    for each in (
        *(
            b"+5",
            b"-5",
            b"-0",
            b"0x5",
            b"5_0",
            b"0_5",
            b"5 5",
            b"5,5",
            b"5, 5",
            b"5;",
            b"5.0",
            b"1e1",
            b"five",
            b'"5"',
        ),
        *(
            b"",
            b",",
            b"5\0",
            b"\x0b5",
            b"5\x0c",
            b"\xd9\xa5",
            b"\xef\xbc\x95",
            b"99999999999999999999",
            b"18446744073709551621",
        ),
    )
] + [
    refused("length twice, equal", post(b"hello", b"Content-Length: 5", b"Content-Length: 5")),
    refused("length twice, shorter", post(b"hello", b"Content-Length: 5", b"Content-Length: 0")),
    refused("length twice, longer", post(b"hello", b"Content-Length: 0", b"Content-Length: 5")),
    refused("length, space before the colon", post(b"hello", b"Content-Length : 5")),
    refused("length, tab before the colon", post(b"hello", b"Content-Length\t: 5")),
    refused("length, folded", post(b"hello", b"Content-Length:", b" 5")),
    refused("length in a folded line", post(b"hello", b"X: y", b" Content-Length: 5")),
    refused("length behind a bare CR", post(b"hello", b"X: y\rContent-Length: 5")),
    refused("length behind a bare LF", post(b"hello", b"X: y\nContent-Length: 5")),
    refused("length, NUL in the name", post(b"hello", b"Content-Length\0: 5")),
]
_CODINGS = [
    refused("CL.TE", post(HELLO, b"Content-Length: 15", CHUNKED)),
    refused("TE.CL", post(HELLO, CHUNKED, b"Content-Length: 3")),
    refused("CL.TE, length of nothing", post(HELLO, b"Content-Length: 0", CHUNKED)),
    refused("TE.TE", post(HELLO, CHUNKED, CHUNKED)),
    refused("TE.TE, identity last", post(HELLO, CHUNKED, b"Transfer-Encoding: identity")),
    refused("TE.TE, in one line", post(HELLO, b"Transfer-Encoding: chunked, chunked")),
    refused("coding, identity last in one line", post(HELLO, b"Transfer-Encoding: chunked, identity")),
    refused("coding, identity first in one line", post(HELLO, b"Transfer-Encoding: identity, chunked"), 501),
    refused("coding, packed", post(HELLO, b"Transfer-Encoding: gzip, chunked"), 501),
    refused("coding of HTTP/1.0", post(HELLO, CHUNKED).replace(b"1.1", b"1.0")),
    refused("coding, space before the colon", post(HELLO, b"Transfer-Encoding : chunked")),
    refused("coding, folded", post(HELLO, b"Transfer-Encoding:", b" chunked")),
    refused("coding in a folded line", post(HELLO, b"X: y", b"\tTransfer-Encoding: chunked")),
    refused("coding behind a bare CR", post(HELLO, b"X: y\rTransfer-Encoding: chunked")),
    refused("coding behind a bare LF", post(HELLO, b"X: y\nTransfer-Encoding: chunked")),
    refused(
        "coding in the first line",
        b"POST / HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: a\r\n\r\n" + HELLO,
    ),
    refused("coding, NUL in the name", post(HELLO, b"Transfer-Encoding\0: chunked")),
    refused("coding, byte beyond ASCII in the name", post(HELLO, b"Transfer-Encoding\xa0: chunked")),
] + [
    refused(f"coding {each!r}", post(HELLO, b"Transfer-Encoding: " + each), status)
    for each, status in (
        *(
            (each, 501)
            for each in (b"identity", b"gzip", b"xchunked", b"chunkedx", b"chunk", b"'chunked'", b'"chunked"')
        ),
        *(
            (each, 501)
            for each in (b"chunked;q=1", b"\xa0chunked", b"chunked\xa0", b"c hunked", b"x chunked")
        ),
        *((each, 400) for each in (b"\x0bchunked", b"chunked\0", b"\0chunked", b"chunked\x7f")),
    )
]
_CHUNKS = [
    refused(f"chunk size {each!r}", post(each + b"\r\nhello\r\n0\r\n\r\n", CHUNKED))
    for each in (
        *(
            b"",
            b"g",
            b"0x5",
            b"0X5",
            b"+5",
            b"-5",
            b" 5",
            b"\t5",
            b"5 ",
            b"5\t",
            b"5 5",
            b"5_",
            b"0_5",
            b"5,",
            b"5.",
            b"5\0",
        ),
        *(
            b"\x0b5",
            b"10000000000000005",
            b"FFFFFFFFFFFFFFFFFFFF",
            b"-1",
            b"5;a\nb",
            b"5;a\rb",
            b"5;a\0",
            b'5;a="\n"',
            b"\r\n5",
            b"5;;",
        ),
    )
] + [
    refused("chunk size, bare LF", post(b"5\nhello\r\n0\r\n\r\n", CHUNKED)),
    refused("chunk size, bare CR", post(b"5\rhello\r\n0\r\n\r\n", CHUNKED)),
    refused("chunk data, bare LF", post(b"5\r\nhello\n0\r\n\r\n", CHUNKED)),
    refused("chunk data without end", post(b"5\r\nhello0\r\n\r\n", CHUNKED)),
    refused("chunk data, too short", post(b"6\r\nhello\r\n0\r\n\r\n", CHUNKED)),
    refused("chunk data, too long", post(b"4\r\nhello\r\n0\r\n\r\n", CHUNKED)),
    refused("chunk data, other end", post(b"5\r\nhelloXX0\r\n\r\n", CHUNKED)),
    refused("last chunk, bare LF", post(b"5\r\nhello\r\n0\n\n", CHUNKED)),
    refused("last chunk, bare LF at its end", post(b"5\r\nhello\r\n0\r\n\n", CHUNKED)),
    refused("last chunk without end", post(b"5\r\nhello\r\n0\r\n", CHUNKED)),
    refused("trailer without colon", post(b"5\r\nhello\r\n0\r\nX\r\n\r\n", CHUNKED)),
    refused("trailer, folded", post(b"5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n", CHUNKED)),
    refused("trailer, bare LF", post(b"5\r\nhello\r\n0\r\nX: a\nY: b\r\n\r\n", CHUNKED)),
    refused("trailer, space before the colon", post(b"5\r\nhello\r\n0\r\nX : a\r\n\r\n", CHUNKED)),
]
_HEADERS = [
    refused("bare LFs", b"GET / HTTP/1.1\nHost: a\n\n"),
    refused("bare LF at the end", b"GET / HTTP/1.1\r\nHost: a\r\n\n"),
    refused("bare CRs", b"GET / HTTP/1.1\rHost: a\r\r"),
    refused("CR CR LF", b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
    refused("CR before another byte", b"GET / HTTP/1.1\r\nHost: a\r\n\rX\r\n\r\n"),
    refused("folded header", get("/", b"X: a", b" b")),
    refused("folded first header", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    refused("blank line with a space", get("/", b" ")),
    refused("header without colon", get("/", b"Nonsense")),
    refused("header without name", get("/", b": a")),
    refused("space before the colon", get("/", b"X : a")),
    refused("space in a name", get("/", b"X Y: a")),
    refused("NUL in a value", get("/", b"X: a\0b")),
    refused("control character in a value", get("/", b"X: a\x01b")),
    refused("NUL in a name", get("/", b"X\0Y: a")),
    refused("bracket in a name", get("/", b"X(Y): a")),
    refused("no host", b"GET / HTTP/1.1\r\n\r\n"),
    refused("two hosts", get("/", b"Host: a")),
    refused("two hosts that differ", get("/", b"Host: b")),
    refused("two hosts, old", b"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
    refused("empty host", b"GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    refused("port without host", b"GET / HTTP/1.1\r\nHost: :80\r\n\r\n"),
    refused("host with a space", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    refused("host with a path", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    refused("host with a user", b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    # The first is answered, and that nothing follows says enough.
    Stream("after a good one", get() + get("/", b"X : a") + NEXT, (FIRST,), "closed"),
]
_LINES = [
    refused(f"request line {each!r}", each + b"\r\nHost: a\r\n\r\n", status)
    for each, status in (
        *(
            (each, 505)
            for each in (b"GET / HTTP/0.9", b"GET / HTTP/1.2", b"GET / HTTP/2.0", b"GET / HTTP/9.9")
        ),
        *(
            (each, 400)
            for each in (
                b"GET / http/1.1",
                b"GET / HTTP/1.1 ",
                b"GET / HTTP/1.1\t",
                b"GET / HTTP/1.1x",
                b"GET / HTTP/1.10",
            )
        ),
        *(
            (each, 400)
            for each in (
                b"GET / HTTP/01.1",
                b"GET / HTTP/1.",
                b"GET / HTTP/1,1",
                b"GET / HTTP /1.1",
                b"GET / HTTPS/1.1",
            )
        ),
        *((each, 400) for each in (b"GET / RTSP/1.0", b"OPTIONS / RTSP/1.1", b"POST / ICE/1.0")),
        *(
            (each, 400)
            for each in (
                b"GET  / HTTP/1.1",
                b"GET /  HTTP/1.1",
                b"GET\t/ HTTP/1.1",
                b"GET /\tHTTP/1.1",
                b" GET / HTTP/1.1",
            )
        ),
        *(
            (each, 400)
            for each in (
                b"GET HTTP/1.1",
                b"GET",
                b"/ HTTP/1.1",
                b"GET / b HTTP/1.1",
                b"GET / HTTP/1.1 HTTP/1.1",
                b"\0GET / HTTP/1.1",
            )
        ),
        *(
            (each, 400)
            for each in (
                b"GET /\0 HTTP/1.1",
                b"GET /\xff HTTP/1.1",
                b"GET /\x7f HTTP/1.1",
                b"GET /\x0b HTTP/1.1",
                b"G\0T / HTTP/1.1",
            )
        ),
        *(
            (each, 400)
            for each in (
                b"GET * HTTP/1.1",
                b"GET a:80 HTTP/1.1",
                b"GET a/b HTTP/1.1",
                b"GET ftp://a/ HTTP/1.1",
                b"GET http:///b HTTP/1.1",
                b"GET http://b@a/ HTTP/1.1",
            )
        ),
        *(
            (each, 501)
            for each in (
                b"get / HTTP/1.1",
                b"BREW / HTTP/1.1",
                b"GETX / HTTP/1.1",
                b"GET,POST / HTTP/1.1"[:3] + b"Q / HTTP/1.1",
            )
        ),
        *((each, 400) for each in (b"G(T / HTTP/1.1", b"GET: / HTTP/1.1", b'"GET" / HTTP/1.1')),
        *((each, 501) for each in (b"SETUP / HTTP/1.1", b"SOURCE / HTTP/1.1", b"SOURCE / ICE/1.0")),
    )
] + [
    refused("HTTP/0.9", b"GET /\r\n\r\n", 505),
    Stream("HTTP/0.9, one line", b"GET /\r\n", (), 505),
    refused("too long a target", b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
    refused("too long a header", get("/", b"X: " + b"x" * 70_000), 431),
    refused("too many headers", get("/", *[b"X-%d: y" % number for number in range(8_000)]), 431),
]

STREAMS: Final = (*_PLAIN, *_UPGRADES, *_LENGTHS, *_CODINGS, *_CHUNKS, *_HEADERS, *_LINES)
