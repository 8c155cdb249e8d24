"""The English sentences of what keeps an examination from being ordered, started or reported."""


def N_(text: str) -> str:
    """Mark a sentence for the translators without translating it here."""
    return text


IMAGING: dict[str, str] = {
    "safety_unknown": N_("Not known yet. It must be answered before the start."),
    "safety_stops": N_("This must be answered “no” before the start."),
    "safety_word_needed": N_("A doctor must write first that it is done all the same."),
    "views_needed": N_("Choose at least one view."),
    "priority_needed": N_("Choose how soon."),
    "justification_needed": N_("Write why it is needed."),
    "line_too_long": N_("At most 64 characters in one line, and no backslash: the scanner takes no more."),
    "ordered_by_doctor": N_("A doctor has ordered it: only a doctor changes it now."),
    "repeats": N_("This repeats an examination. Look at the earlier ones, then order again."),
    "repeat_reason_needed": N_("The same is ordered already. Write why it is needed twice."),
    "report_needed": N_("Write what the images show, or choose the file that says it."),
    "report_file_wrong": N_("Only PDF, PNG and JPEG files can be kept."),
    "report_file_large": N_("The file is larger than 900 kB."),
}
