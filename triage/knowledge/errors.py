"""The one error of this package."""


class KnowledgeError(Exception):
    """A knowledge file that must not be used; the message is "file:line: reason"."""

    def __init__(self, place: str, reason: str, key: str = "", index: int = 0, field: str = "") -> None:
        super().__init__(f"{place}: {reason}")
        self.reason = reason
        self.line = int(place.rpartition(":")[2]) if place.rpartition(":")[2].isdigit() else 1
        self.key, self.index, self.field = key, index, field
