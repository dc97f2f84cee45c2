from localwhisper.jobs.transcript import segments_of
from tests.store import samples


def test_segments_of_windows_keep_their_order() -> None:
    windows = [samples.window(number) for number in range(3)]
    assert [segment.id for segment in segments_of(windows)] == [0, 1, 2, 3, 4, 5]
    assert segments_of([]) == ()
