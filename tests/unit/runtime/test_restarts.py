"""When a dead process is started again."""

from learnflow.runtime.restarts import RestartPolicy


def test_the_first_restart_is_immediate_and_the_next_ones_wait_longer() -> None:
    policy = RestartPolicy()
    pauses = [policy.pause_after_death(1.0) for _ in range(6)]
    assert pauses == [0.0, 0.2, 0.5, 1.0, 2.0, 5.0]


def test_a_process_that_dies_again_and_again_is_given_up() -> None:
    policy = RestartPolicy((0.0, 0.1))
    assert [policy.pause_after_death(0.1) for _ in range(4)] == [0.0, 0.1, None, None]


def test_a_process_that_lived_begins_with_a_clean_sheet() -> None:
    policy = RestartPolicy((0.0, 0.1), healthy_after_s=10)
    policy.pause_after_death(1)
    policy.pause_after_death(1)
    assert policy.pause_after_death(10) == 0.0
