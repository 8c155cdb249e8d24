"""The scores of an encounter, computed from what is recorded; they change nothing."""

from triage import knowledge
from triage.domain.findings import resolve
from triage.domain.score_results import ScoreResult
from triage.domain.scores import results_of
from triage.models import Encounter
from triage.services import intakes


def begun(encounter: Encounter) -> list[ScoreResult]:
    """Return the scores of which anything is known, in their order."""
    known = knowledge.load()
    results = results_of(known, resolve(known, intakes.answers_of(encounter)))
    return [result for result in results if result.is_begun]
