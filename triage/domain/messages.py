"""The English sentence behind every refusal code; the web translates it into the reader's language."""


def N_(text: str) -> str:
    """Mark a sentence for the translators without translating it here."""
    return text


MESSAGES: dict[str, str] = {
    "not_found": N_("There is no such record, or you may not see it."),
    "not_allowed": N_("Your role does not allow this."),
    "stale": N_("%(by)s changed this since you opened it. Look at the present state, then try again."),
    "invalid": N_("Please check the marked fields."),
    "locked_out": N_("Too many wrong passwords. Try again in %(minutes)s min, or ask an administrator."),
    "wrong_password": N_("Staff ID or password is wrong."),
    "no_site": N_("No site is set up yet."),
    "step_not_possible": N_("This step is not possible now; the patient is at: %(stage)s."),
    "imaging_step_not_possible": N_("This step is not possible now; the examination is: %(status)s."),
    "claimed_by_other": N_("%(by)s has this patient since %(since)s."),
    "not_claimed": N_("Nobody has this patient open."),
    "already_open": N_("This patient is already here with ticket %(ticket)s."),
    "unanswered": N_("%(count)s urgent questions are not answered yet. Only the way to the emergency is open."),
    "not_known_without_reason": N_("Write why the answer to each urgent question marked “not known” is not known."),
    "not_known_closes": N_("While an urgent question is “not known”, this way stays closed."),
    "emergency_stands": N_("This is an emergency. A second nurse or surgeon must agree before it is taken back."),
    "answer_holds_emergency": N_(
        "This answer raised the emergency. Propose to take the emergency back; a second nurse or surgeon decides."
    ),
    "only_clinical_lowers": N_("Only a nurse or a surgeon may take back a positive urgent answer."),
    "same_person": N_("The one who proposed it cannot also agree to it."),
    "no_open_emergency": N_("There is no open emergency for this patient."),
    "withdrawal_pending": N_("It is already proposed to take this emergency back."),
    "nothing_proposed": N_("Nobody has proposed to take this emergency back."),
    "reason_needed": N_("Choose a reason."),
    "note_needed": N_("Write why."),
    "route_needed": N_("Choose where the patient goes."),
    "modality_needed": N_("Choose X-ray or CT."),
    "hospital_needed": N_("Choose the receiving hospital."),
    "doctor_needed": N_("A doctor must order this examination before it can start."),
    "two_identifiers": N_("Check two identifiers with the patient."),
    "pregnancy_unknown": N_("Pregnancy must be answered “no” before the examination starts."),
    "level_needed": N_("Give the level."),
    "side_needed": N_("Give the side."),
    "procedure_needed": N_("Choose the procedure."),
    "identity_needed": N_("Confirm the patient's identity before you sign."),
    "kind_needed": N_("Choose a decision."),
    "unsigned_exposure": N_("The exposure record is already signed."),
    "number_range": N_("Enter a number from %(low)s to %(high)s."),
    "not_a_number": N_("Enter a number."),
    "not_a_choice": N_("Choose one of the answers."),
    "not_a_date": N_("This is not a date we can read."),
    "future_date": N_("This date is in the future."),
    "name_needed": N_("Enter the name."),
    "too_long": N_("This text is too long."),
    "user_name_taken": N_("This staff ID is taken."),
    "unknown_staff": N_("There is nobody with this staff ID."),
    "unknown_role": N_("There is no such role."),
    "bad_text": N_("This text contains characters that cannot be stored."),
}
