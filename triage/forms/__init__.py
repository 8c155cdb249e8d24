"""The shape of input. Choices come from ``domain`` and ``knowledge``."""
