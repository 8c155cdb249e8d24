"""The shape of input. Choices come from ``domain`` and ``knowledge``."""

from typing import Any

from flask_babel import lazy_gettext

from triage.domain.messages import MESSAGES


def told(code: str) -> Any:
    """Return the sentence of a message code, in the language of whoever reads the form."""
    return lazy_gettext(MESSAGES[code])
