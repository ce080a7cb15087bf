"""The actions of the console: one at a time for each poll, each once, with questions and progress."""

import threading

import pytest

from services.tools.console.desk import DeskError, Dialogue, Request
from services.tools.console.jobs import BusyError, Job, Jobs

WAIT_SECONDS = 10


def request(poll: str = "colors") -> Request:
    """To close a poll."""
    return Request(action="close", poll=poll, round=1, revision=1)


class Act:
    """Does nothing until it may, and asks if it has a question."""

    def __init__(self, question: str = "") -> None:
        self.done: list[str] = []
        self.may_end = threading.Event()
        self.has_begun = threading.Event()
        self._question = question

    def __call__(self, request: Request, dialogue: Dialogue) -> str:
        """As a desk acts."""
        with dialogue.progress("Recounting", unit="ballots") as advance:
            advance(1_200)
            self.has_begun.set()
            assert self.may_end.wait(WAIT_SECONDS)
        if self._question:
            dialogue.confirm(self._question)
        self.done.append(request.poll)
        return "all counted"


def started(act: Act) -> tuple[Jobs, Job, threading.Event]:
    """An action that has begun; the event is set when it has ended."""
    ended = threading.Event()
    jobs = Jobs(act, ended.set)
    job = jobs.start("one", request())
    assert act.has_begun.wait(WAIT_SECONDS)
    return jobs, job, ended


def asked(job: Job) -> None:
    """Wait until the job asks."""
    tick = threading.Event()
    for _ in range(1_000):
        if job.status == "asking":
            return
        tick.wait(0.01)
    pytest.fail("it never asked")


def test_an_action_tells_how_far_it_is_and_how_it_ended() -> None:
    """And what is read is read again at once."""
    jobs, job, ended = started(act := Act())
    meanwhile = job.document
    act.may_end.set()
    assert ended.wait(WAIT_SECONDS)

    assert (meanwhile["status"], meanwhile["progress"]) == ("running", "Recounting: 1,200 ballots")
    assert (job.document["status"], job.document["text"]) == ("done", "all counted")
    assert job.document["progress"] == ""
    assert jobs.running() == []


def test_a_second_action_on_the_same_poll_waits_for_the_first() -> None:
    """The same one, sent twice, is one; another poll is free."""
    jobs, job, ended = started(act := Act())
    again = jobs.start("one", request())
    other = jobs.start("three", request("finale"))
    with pytest.raises(BusyError, match="another action on colors has not ended"):
        jobs.start("two", request())
    act.may_end.set()
    assert ended.wait(WAIT_SECONDS)
    jobs.wait(WAIT_SECONDS)

    assert again is job
    assert other is not job
    assert sorted(act.done) == ["colors", "finale"]


@pytest.mark.parametrize(("is_yes", "status"), [(True, "done"), (False, "refused")])
def test_an_action_waits_for_the_answer_to_its_question(is_yes: bool, status: str) -> None:  # noqa: FBT001
    """No means that nothing more is done."""
    _, job, ended = started(act := Act("Count 3 missing texts?"))
    act.may_end.set()
    asked(job)
    question = job.document["question"]
    job.answer(is_yes=is_yes)
    assert ended.wait(WAIT_SECONDS)

    assert question == "Count 3 missing texts?"
    assert job.document["status"] == status
    assert (act.done == ["colors"]) is is_yes


def test_at_the_end_a_question_is_answered_with_no() -> None:
    """Ctrl-C is no consent."""
    jobs, job, _ = started(act := Act("Count 3 missing texts?"))
    act.may_end.set()
    asked(job)
    jobs.wait(WAIT_SECONDS)

    assert (job.document["status"], act.done) == ("refused", [])


def test_a_refusal_is_told_in_its_own_words() -> None:
    """It is no crash."""

    def refuse(_request: Request, _dialogue: Dialogue) -> str:
        raise DeskError("round 1 was certified and is final")

    jobs = Jobs(refuse, lambda: None)
    job = jobs.start("one", request())
    jobs.wait(WAIT_SECONDS)

    assert (job.status, job.text) == ("refused", "round 1 was certified and is final")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_that_nobody_foresaw_ends_the_action_and_names_itself() -> None:
    """Its traceback is on the terminal; its text may hold what the page should not."""

    def fail(_request: Request, _dialogue: Dialogue) -> str:
        raise ZeroDivisionError("secret")

    jobs = Jobs(fail, lambda: None)
    job = jobs.start("one", request())
    jobs.wait(WAIT_SECONDS)

    assert job.status == "refused"
    assert job.text == "unexpected error, see the terminal: ZeroDivisionError"


def test_only_the_last_actions_are_kept() -> None:
    """Twenty of them; one that has not ended is never forgotten."""
    jobs, job, _ = started(act := Act())
    act.may_end.set()
    jobs.wait(WAIT_SECONDS)
    for number in range(30):
        jobs.start(f"n{number}", request())
        jobs.wait(WAIT_SECONDS)

    assert len(jobs.documents()) == 20
    assert job.id not in {one["id"] for one in jobs.documents()}
    assert jobs.documents()[-1]["id"] == "n29"
