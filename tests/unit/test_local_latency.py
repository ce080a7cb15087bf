"""From the answer to a vote to its being counted."""

from services.tools.demo.smoke import vote_to_count_ms


def test_the_kth_write_is_counted_at_the_first_sample_that_shows_k() -> None:
    """Three writes a second apart, each seen half a second later."""
    written = [10.0, 11.0, 12.0]
    samples = [(10.0, 0), (10.5, 1), (11.5, 2), (12.5, 3)]

    assert vote_to_count_ms(written, samples) == {"p50": 500, "p99": 500}


def test_a_batch_counts_all_its_writes_at_once() -> None:
    """The earliest of them has waited longest."""
    assert vote_to_count_ms([10.0, 10.2, 10.4], [(10.1, 0), (10.5, 3)])["p50"] == 300


def test_a_count_seen_before_the_answer_took_no_time() -> None:
    """Never a negative one."""
    assert vote_to_count_ms([10.0, 10.1], [(9.9, 2)]) == {"p50": 0, "p99": 0}


def test_writes_that_were_never_counted_are_left_out() -> None:
    """They show as a wrong count, not as a time."""
    assert vote_to_count_ms([10.0, 10.0, 10.0], [(11.0, 2)]) == {"p50": 1000, "p99": 1000}
    assert vote_to_count_ms([10.0, 10.0], []) == {}
