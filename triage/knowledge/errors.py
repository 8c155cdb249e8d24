"""The one error of this package."""

import re


class KnowledgeError(Exception):
    """A knowledge file that must not be used; the message is "file:line: reason".

    key, index and field name the entry and the part of it that are wrong, where that is known.
    """

    def __init__(self, message: str, key: str = "", index: int = 0, field: str = "") -> None:
        super().__init__(message)
        said = re.match(r"[^:]*:(\d+): (.*)", message, re.DOTALL)
        self.line, self.reason = (int(said[1]), said[2]) if said else (1, message)
        self.key, self.index, self.field = key, index, field
