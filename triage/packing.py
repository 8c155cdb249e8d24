"""Answers leave compressed: pages at each request, our own files once. A stream of events never is.

Why the size of an answer tells nobody its secrets: docs/adr/0020.
"""

import gzip
import io
import secrets
from functools import lru_cache

from flask import Flask, Response, request

#: Below this many bytes packing gains nothing.
SMALLEST = 600
#: A board of 290 kB takes 1.6 ms and leaves as 20 kB; with level 3 it takes 0.8 ms and leaves as 25 kB.
LEVEL = 6
#: The header of each packed page holds a name of random length up to this, so that lengths cannot be compared.
LONGEST_NAME = 100
KINDS = frozenset({"text/html", "text/css", "text/plain", "text/javascript", "application/javascript", "image/svg+xml"})
FILES = frozenset({"static", "assets"})


def init_app(app: Flask) -> None:
    """Pack the answers of the application."""
    app.after_request(pack)


def pack(response: Response) -> Response:
    """Pack an answer that gains by it for a browser that can unpack it."""
    if response.mimetype not in KINDS or response.status_code in (204, 206, 304):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or request.method == "HEAD" or "Content-Encoding" in response.headers:
        return response
    if request.endpoint in FILES:
        return _file(response)
    if not response.is_streamed and (response.content_length or 0) >= SMALLEST:
        _send(response, packed(response.get_data(), LEVEL, _name()))
    return response


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


def packed(data: bytes, level: int, name: str = "") -> bytes:
    """Return the data as a gzip file of this name."""
    out = io.BytesIO()
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=level, fileobj=out, mtime=0) as file:
        file.write(data)
    return out.getvalue()


def _name() -> str:
    return secrets.token_urlsafe(LONGEST_NAME)[: secrets.randbelow(LONGEST_NAME)]


def _send(response: Response, data: bytes) -> None:
    response.set_data(data)
    response.headers["Content-Encoding"] = "gzip"
