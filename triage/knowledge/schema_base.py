"""What every entry of a knowledge file has in common."""

from pydantic import BaseModel, ConfigDict

Name = str


class Entry(BaseModel):
    """Anything in a knowledge file: no unknown key, no silent conversion, no empty text."""

    model_config = ConfigDict(extra="forbid", strict=True, str_min_length=1)


class TextEntry(Entry):
    """A text in both languages; neither may be missing."""

    en: str
    ja: str


class LabelEntry(Entry):
    """An id with its label."""

    id: Name
    label: TextEntry
