"""Answers leave compressed: pages at each request, our own files once. A stream of events never is.

Why the size of an answer tells nobody its secrets: docs/adr/0020.
"""

import secrets
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache

from flask import Flask, Response, request
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

#: Below this many bytes packing gains nothing.
SMALLEST = 600
#: A board of 290 kB takes 1.6 ms and leaves as 20 kB; with level 3 it takes 0.8 ms and leaves as 25 kB.
LEVEL = 6
#: The header of each packed page holds a name of random length up to this, so that lengths cannot be compared.
LONGEST_NAME = 100
KINDS = frozenset({"text/html", "text/css", "text/plain", "text/javascript", "application/javascript", "image/svg+xml"})
#: What pages ask by themselves is kept packed up to this many bytes.
SHARED = 32_000
FILES = frozenset({"static", "assets"})


def init_app(app: Flask) -> None:
    """Pack the answers of the application."""
    app.after_request(pack)


def pack(response: Response) -> Response:
    """Pack an answer that gains by it for a browser that can unpack it."""
    if response.mimetype not in KINDS or response.status_code in (204, 206, 304):
        return response
    if "Accept-Encoding" not in response.headers.get("Vary", ""):
        response.vary.add("Accept-Encoding")
    if not _takes(request.environ.get("HTTP_ACCEPT_ENCODING", "")) or request.method == "HEAD":
        return response
    if "Content-Encoding" in response.headers:
        return response
    if request.endpoint in FILES:
        return _file(response)
    if not response.is_streamed and (response.content_length or 0) >= SMALLEST:
        data = response.get_data()
        again = "HTTP_X_BACKGROUND" in request.environ and len(data) <= SHARED
        _send(response, packed(data, LEVEL, _name(), _deflated_once if again else deflated))
    return response


def deflated(data: bytes, level: int) -> bytes:
    """Return what follows the header of a gzip file: the packed data, their checksum and their length."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush() + struct.pack("<LL", zlib.crc32(data), len(data) & 0xFFFFFFFF)


#: One change is shown by many open boards: those whose readers may do the same are sent the same, but for its name.
_deflated_once = lru_cache(maxsize=64)(deflated)


@lru_cache(maxsize=64)
def _takes(said: str) -> bool:
    return bool(parse_accept_header(said, Accept)["gzip"])


def _file(response: Response) -> Response:
    response.direct_passthrough = False
    etag = response.get_etag()[0] or ""
    data = response.get_data()
    response.close()  # the file; what follows is in memory
    _send(response, _kept(etag, data))
    response.set_etag(etag, weak=True)  # the same file, in other bytes
    return response


@lru_cache(maxsize=64)
def _kept(_etag: str, data: bytes) -> bytes:
    return packed(data, 9)


def packed(data: bytes, level: int, name: str = "", deflate: Callable[[bytes, int], bytes] = deflated) -> bytes:
    """Return the data as a gzip file of this name."""
    fields = b"\x1f\x8b\x08" + (b"\x08" if name else b"\0") + b"\0\0\0\0\0\xff"  # how packed, named or not, no date
    return fields + (name.encode("ascii") + b"\0" if name else b"") + deflate(data, level)


def _name() -> str:
    return secrets.token_urlsafe(LONGEST_NAME)[: secrets.randbelow(LONGEST_NAME)]


def _send(response: Response, data: bytes) -> None:
    response.set_data(data)
    response.headers["Content-Encoding"] = "gzip"
