"""Encoders take turns at the cores."""

import threading
import time

import pytest

from localwhisper.engine.cores import Cores


class Stop(Exception):
    pass


def test_no_more_threads_encode_at_once_than_there_are_cores() -> None:
    cores = Cores(2)
    at_once: list[int] = []
    inside = 0
    lock = threading.Lock()

    def encode() -> None:
        nonlocal inside
        with cores.encoding(lambda: None):
            with lock:
                inside += 1
                at_once.append(inside)
            time.sleep(0.02)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=encode) for _ in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(at_once) == 7
    assert max(at_once) == 2
    assert not cores.are_taken


def test_who_waits_for_a_core_can_be_stopped() -> None:
    cores = Cores(1)

    def check() -> None:
        raise Stop

    with cores.encoding(lambda: None):
        with pytest.raises(Stop), cores.encoding(check):
            raise AssertionError("two at once")
        assert cores.are_taken
    with cores.encoding(check):  # free again, and nobody is asked
        assert cores.are_taken
