"""Every audit event: its name, in the past tense, and exactly the keys its payload carries."""

EVENTS: dict[str, frozenset[str]] = {
    name: frozenset(keys.split())
    for name, keys in {
        # accounts
        "signed_in": "address",
        "signed_out": "",
        "sign_in_refused": "user_name address why",
        "session_ended": "whose",
        "site_added": "code",
        "staff_added": "whose user_name",
        "staff_deactivated": "whose",
        "password_reset": "whose",
        "role_granted": "whose role valid_from valid_until",
        "role_revoked": "whose role",
        "access_refused": "endpoint permission",
        # devices
        "device_added": "device kind name room",
        "device_code_given": "device",
        "device_enrolled": "device address",
        "device_refused": "address",
        "device_renamed": "device before after",
        "device_revoked": "device",
        # patients
        "patients_searched": "words found",
        "patient_created": "number",
        "patient_changed": "before after",
        "patient_opened": "what",
        "printed": "what",
        "board_printed": "what encounters",
        # encounters
        "checked_in": "ticket",
        "intake_submitted": "unanswered",
        "encounter_changed": "before after",
        "findings_recorded": "before after suggestion",
        "claimed": "",
        "claim_released": "whose",
        "claim_taken_over": "whose reason",
        "claim_handed_over": "whose to note",
        "claim_undone": "act whose",
        "left_unseen": "departure reason note confirmed from",
        "visit_ended": "departure reason note confirmed from",
        "departure_undone": "departure kind",
        "called_back": "departure result attempts note",
        "carried_over": "day reason note",
        "carry_over_undone": "day reason",
        # rooms and calls
        "room_added": "room name",
        "room_renamed": "room before after",
        "room_retired": "room",
        "room_restored": "room",
        "duty_began": "room",
        "duty_ended": "whose room",
        "room_assigned": "room before",
        "patient_called": "call room count",
        "call_answered": "call room",
        "call_not_answered": "call room count",
        "call_undone": "call was",
        # triage
        "triage_decided": "decision acuity route accepted reason",
        "recalled": "from reason",
        "reassessed": "result note due",
        "task_created": "task question reason due",
        "task_done": "task answer",
        # emergencies
        "emergency_opened": "emergency cause rules note",
        "emergency_raised_again": "emergency note",
        "emergency_acknowledged": "emergency",
        "emergency_step_recorded": "emergency step at hospital",
        "emergency_withdrawal_proposed": "emergency reason",
        "emergency_withdrawal_refused": "emergency reason",
        "emergency_withdrawn": "emergency reason proposed_by",
        # imaging
        "imaging_requested": "order modality",
        "imaging_ordered": "order modality",
        "imaging_started": "order identity pregnancy",
        "imaging_completed": "order exposure",
        "imaging_not_done": "order reason",
        "imaging_cancelled": "order reason",
        "exposure_signed": "order exposure",
        # consults
        "treatment_decided": "decision kind procedure level side",
        # rulesets
        "rules_drafted": "version based_on hash",
        "rules_draft_changed": "version before after",
        "rules_draft_discarded": "version",
        "rules_published": "publication version name hash",
        "rules_rolled_back": "publication version name hash reason",
        "rules_signed": "name hash",
        "rules_signature_withdrawn": "name hash reason",
        "suggestion_renewed": "rules hash before after",
        # limits
        "limits_proposed": "proposal number minutes",
        "limits_approved": "proposal number minutes",
        "limits_refused": "proposal number reason",
        "limits_withdrawn": "proposal number",
        # hours
        "hours_changed": "valid_from note before after",
        "days_differ": "first last kind hours reason",
        "day_as_usual": "day kind reason",
        # simulations
        "simulation_started": "simulation version hash against since until visits",
        "simulation_finished": "simulation hash against visits changed lost vignettes_lost",
        # feedback
        "rule_feedback_given": "feedback rule",
        "rule_feedback_answered": "feedback rule",
        "rule_words_read": "rule found",
        # audit
        "audit_viewed": "filters found",
        "demonstration_loaded": "encounters",
    }.items()
}
