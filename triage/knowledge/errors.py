"""The one error of this package."""


class KnowledgeError(Exception):
    """A knowledge file that must not be used; the message is "file:line: reason"."""
