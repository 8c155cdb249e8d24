"""Facts about persons that need no database: age."""

from datetime import date


def age_in_years(born: date, today: date) -> int:
    """Return the age in full years; born on 29 February, a year is full on 1 March of common years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
