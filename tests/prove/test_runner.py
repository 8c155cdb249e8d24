"""A proof goes on where it stopped, plays the same for the same seed, and says honestly whether something was shown."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from prove import report, runner
from prove.runner import Check, Found, Plan, Play, Proof, growth, play

LONG = timedelta(hours=1)


def proof(played: list[tuple[int, float]], most: float = 1.0, stop_at: int = -1) -> Proof:
    """Return a small proof that keeps what it played: every round's chance must stay below ``most``."""

    @contextmanager
    def sitting(plan: Plan) -> Iterator[Play]:
        def one(number: int, rng: Random) -> Found:
            if number == stop_at:
                raise KeyboardInterrupt
            value = rng.random()
            played.append((number, value))
            return {"value": value}

        yield one

    def judge(plan: Plan, results: Sequence[Found]) -> list[Check]:
        worst = max(found["value"] for found in results)
        return [Check("the chance stays small", f"{worst:.2f}", f"below {most}", worst < most)]

    return Proof("small", "Chance is chance.", 6, 1, sitting, judge, lambda plan, results: ["Nothing is served."])


def plan(folder: Path, seed: int = 7, rounds: int = 6) -> Plan:
    return Plan(folder, seed, rounds, 1)


def quiet(_text: str) -> None: ...


def test_the_same_seed_plays_the_same_rounds_and_another_does_not(tmp_path: Path) -> None:
    one, same, other = list[tuple[int, float]](), list[tuple[int, float]](), list[tuple[int, float]]()
    for played, folder, seed in ((one, "a", 7), (same, "b", 7), (other, "c", 8)):
        play(proof(played), plan(tmp_path / folder, seed), LONG, say=quiet)
    assert one == same != other
    assert [number for number, _ in one] == list(range(6))


def test_a_run_that_was_stopped_goes_on_where_it_stopped_as_if_it_had_not(tmp_path: Path) -> None:
    whole, first, rest = list[tuple[int, float]](), list[tuple[int, float]](), list[tuple[int, float]]()
    play(proof(whole), plan(tmp_path / "whole"), LONG, say=quiet)
    with pytest.raises(KeyboardInterrupt):
        play(proof(first, stop_at=4), plan(tmp_path), LONG, say=quiet)
    run = play(proof(rest), plan(tmp_path), LONG, say=quiet)
    assert first + rest == whole
    assert run.done
    assert [found["sitting"] for found in run.results] == [1, 1, 1, 1, 2, 2]


def test_the_time_limit_stops_between_two_rounds_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    run = play(proof([]), plan(tmp_path), timedelta(seconds=-1), say=said.append)
    assert not run.done
    assert said == ["stopped by the time limit after round 0 of 6; run it again to go on"]


@pytest.mark.parametrize("change", ["seed", "rounds", "commit", "fresh"])
def test_rounds_of_another_run_are_not_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    play(proof([]), plan(tmp_path), LONG, say=quiet)
    if change == "commit":
        monkeypatch.setattr(runner, "commit", lambda: "another")
    asked = {"seed": plan(tmp_path, seed=8), "rounds": plan(tmp_path, rounds=5)}.get(change, plan(tmp_path))
    played: list[tuple[int, float]] = []
    play(proof(played), asked, LONG, fresh=change == "fresh", say=quiet)
    assert len(played) == asked.rounds


def test_the_page_says_what_was_shown_of_which_commit_and_when(tmp_path: Path) -> None:
    small, asked = proof([]), plan(tmp_path)
    run = play(small, asked, LONG, say=quiet)
    text = report.write(small, asked, run, small.judge(asked, run.results), tmp_path).read_text()
    assert "**Shown.**" in text
    for part in (run.commit, "seed 7", "6 rounds of 1", "one sitting", "| yes |", "Nothing is served.", "--seed 7"):
        assert part in text


def test_a_planted_failure_is_not_called_a_proof(tmp_path: Path) -> None:
    false, asked = proof([], most=0.01), plan(tmp_path)
    run = play(false, asked, LONG, say=quiet)
    text = report.page(false, asked, run, false.judge(asked, run.results))
    assert "**Not shown.**" in text
    assert "**no**" in text
    assert "**Shown.**" not in text


def test_growth_is_what_each_step_adds() -> None:
    assert growth([(0, 5.0), (10, 25.0), (20, 45.0)]) == pytest.approx(2.0)
    assert growth([(0, 5.0), (10, 5.0)]) == 0
    assert growth([(0, 5.0)]) == growth([]) == growth([(3, 1.0), (3, 9.0)]) == 0
