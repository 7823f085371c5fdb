"""Hours of what `python -m tests.stress.home_soak` does for a month."""

from tests.stress.home_soak import Month, replay

TURNS, WARM = 60, 20


def test_five_hours_of_a_home_leave_no_thread_or_descriptor(tmp_path):
    with Month(tmp_path).running() as month:
        seen = replay(month, TURNS)
        told = [data for call, data in month.fake.calls if call == "mqtt.publish"]
        complained = month.complaints()

    _, _, threads, descriptors, sizes = zip(*seen[WARM:], strict=True)
    assert complained == []
    assert len(told) > TURNS
    assert max(threads) - min(threads) <= 1  # the thread of a back end, about to end
    assert min(descriptors[-WARM:]) == min(descriptors)
    assert sizes[-1] > sizes[0]
