"""From measured real-time factors to remaining times."""

from dataclasses import replace
from functools import partial

import pytest

from localwhisper.jobs import estimates
from localwhisper.jobs.estimates import FactorKey, Factors
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.transcript import FRAMES_PER_SECOND
from localwhisper.options import Options
from tests.jobs import samples

KEY, FAST = FactorKey(model="m"), FactorKey(model="m", quality="fast")
CLIP = FactorKey(model="m", is_clip=True)


def job(duration_s: float = 100.0, state: JobState = JobState.QUEUED, progress: float = 0.0) -> Job:
    return samples.job(duration_s=duration_s, state=state, progress=progress)


@pytest.mark.parametrize(
    ("key", "label"),
    [
        (FactorKey(model="tiny"), "tiny"),
        (FactorKey(model="tiny", quality="fast"), "tiny fast"),
        (FactorKey(model="tiny", batch="auto"), "tiny auto"),
        (FactorKey(model="my model", quality="compact", batch="off", is_clip=True), "my model compact off clip"),
        (FactorKey(model="fast"), "fast"),
    ],
    ids=str,
)
def test_a_key_is_read_back_from_its_label(key: FactorKey, label: str) -> None:
    assert key.label == label
    assert FactorKey.from_label(label) == key


def test_the_key_of_a_job_has_the_options_that_change_its_speed() -> None:
    options = Options(model="tiny", quality="fast", batch="off", language="es")
    assert FactorKey.of(options) == FactorKey(model="tiny", quality="fast", batch="off")


def test_padding_of_short_windows_is_the_same_as_in_the_engine() -> None:
    from localwhisper.engine import audio_window

    assert estimates.MIN_ENCODED_S * FRAMES_PER_SECOND == audio_window.MIN_ENCODED_FRAMES
    assert estimates.PADDING_S * FRAMES_PER_SECOND == audio_window.TRAILING_SILENCE_FRAMES


@pytest.mark.parametrize(
    ("model", "factor"),
    [("demo", 0.05), ("tiny", 0.04), ("tiny.en", 0.04), ("large-v3", 1.5), ("other", 1.0)],
)
def test_a_model_that_was_never_measured_has_a_default_factor(model: str, factor: float) -> None:
    assert estimates.real_time_factor(FactorKey(model=model), {}) == factor


def test_a_measured_factor_replaces_the_default() -> None:
    tiny, base, tiny_en = (FactorKey(model=model) for model in ("tiny", "base", "tiny.en"))
    assert estimates.real_time_factor(tiny, {tiny: 0.7, base: 0.9}) == 0.7
    assert estimates.real_time_factor(tiny_en, {replace(tiny, is_clip=True): 0.7}) == 0.04


def test_other_models_are_estimated_in_proportion() -> None:
    """The machine is three times as slow with base as assumed; that of demo and of clips says little."""
    base, demo = FactorKey(model="base"), FactorKey(model="demo")
    measured = {base: 0.24, demo: 9.0, replace(base, is_clip=True): 9.0}
    assert estimates.real_time_factor(FactorKey(model="small"), measured) == pytest.approx(0.75)
    assert estimates.real_time_factor(FactorKey(model="other"), measured) == pytest.approx(3.0)


def test_each_quality_has_its_own_factor() -> None:
    measured = {KEY: 0.4}
    assert estimates.real_time_factor(FAST, measured) == 0.4  # the closest one available
    measured = estimates.with_measurement(measured, FAST, work_s=estimates.START_S + 12.0, audio_s=120.0)
    assert measured == {KEY: 0.4, FAST: pytest.approx(0.1)}
    assert estimates.real_time_factor(KEY, measured) == 0.4


def test_the_first_measurement_counts_fully_and_later_ones_by_half() -> None:
    first = estimates.with_measurement({FAST: 0.3}, KEY, work_s=estimates.START_S + 24.0, audio_s=120.0)
    assert first == {FAST: 0.3, KEY: pytest.approx(0.2)}
    second = estimates.with_measurement(first, KEY, work_s=estimates.START_S + 48.0, audio_s=120.0)
    assert second[KEY] == pytest.approx(0.3)
    assert first[KEY] == pytest.approx(0.2)


def test_the_factor_of_clips_is_used_for_longer_audio_only_until_that_is_measured() -> None:
    measured = estimates.with_measurement({}, KEY, work_s=4.1, audio_s=11.0)
    assert set(measured) == {CLIP}
    assert estimates.work_s(job(11), measured) == pytest.approx(4.1)
    assert estimates.work_s(job(60), measured) == pytest.approx(estimates.START_S + 60 * 0.2)
    measured = estimates.with_measurement(measured, KEY, work_s=estimates.START_S + 6, audio_s=60.0)
    assert estimates.work_s(job(60), measured) == pytest.approx(estimates.START_S + 6)


def test_very_short_clips_change_the_factor_of_clips_only() -> None:
    measured = {KEY: 0.2}
    for work_s in (5.0, 1.0, 1.0, 1.0):
        measured = estimates.with_measurement(measured, KEY, work_s=work_s, audio_s=2.0)
    assert measured[KEY] == 0.2
    assert estimates.work_s(job(2), measured) == pytest.approx(1.5)
    assert estimates.work_s(job(120), measured) == pytest.approx(estimates.START_S + 24)


def test_a_job_resumed_at_its_end_is_not_a_measurement() -> None:
    assert estimates.with_measurement({KEY: 0.5}, KEY, work_s=0.1, audio_s=0.0) == {KEY: 0.5}


def test_a_factor_is_never_zero() -> None:
    assert estimates.with_measurement({}, KEY, work_s=0.0, audio_s=60.0)[KEY] > 0


def test_remaining_work_decreases_with_progress() -> None:
    measured = {KEY: 0.5}
    assert estimates.work_s(job(120), measured) == pytest.approx(estimates.START_S + 60.0)
    running = [estimates.work_s(job(120, JobState.PROCESSING, p), measured) for p in (0, 50, 99.9)]
    assert running == pytest.approx([60.0, 30.0, 0.06])


def test_a_running_job_is_estimated_by_its_own_pace() -> None:
    measured = {KEY: 0.5}

    def left_s(progress: float, worked_s: float, done_before_s: float = 0.0) -> float:
        return estimates.running_s(job(900, JobState.PROCESSING, progress), worked_s, done_before_s, measured)

    assert left_s(0, 3) == pytest.approx(450)  # nothing observed yet
    assert left_s(5, 45) == pytest.approx(0.5 * 855 + 0.5 * 427.5)  # half observed: twice as long as expected
    assert left_s(20, 180) == pytest.approx(720)
    assert left_s(60, 0, 540) == pytest.approx(180)  # just resumed
    assert left_s(80, 90, 540) == pytest.approx(90)  # 180 s of audio in 90 s of work


def test_a_partial_window_costs_more_than_its_length() -> None:
    """The encoder runs on whole windows; quality "fast" encodes less silence."""
    assert [estimates.effective_audio_s(audio_s) for audio_s in (5, 30, 45, 3600)] == [17.5, 30, 52.5, 3600]
    assert [estimates.effective_audio_s(audio_s, "fast") for audio_s in (2, 20, 45)] == [6, 21.5, 46.5]


def wait_s(ahead: list[Job], n_workers: int, measured: Factors) -> float:
    """Return the wait of a job behind these, and check that it is the same whether they are running or queued."""
    work_s = partial(estimates.work_s, measured=measured)
    jobs = [replace(each, id=str(number)) for number, each in enumerate([*ahead, job(3600)])]
    waits_s = [
        estimates.waits_s(jobs[n_running:], jobs[:n_running], n_workers, work_s)[jobs[-1].id]
        for n_running in range(len(jobs))
    ]
    assert waits_s == pytest.approx([waits_s[0]] * len(waits_s))
    return waits_s[0]


def test_no_jobs_ahead_means_no_wait() -> None:
    assert estimates.waits_s([], [job()], 3, lambda _: 1.0) == {}
    assert wait_s([], 3, {}) == 0.0
    assert wait_s([job(), job()], 3, {}) == 0.0


def test_the_wait_is_until_the_first_worker_is_free() -> None:
    measured = {KEY: 1.0}
    ahead = [job(300), job(30), job(60)]  # 300, 30 and 60 s of work, and opening the audio
    start_s = estimates.START_S
    assert wait_s(ahead, 1, measured) == pytest.approx(390 + 3 * start_s)
    assert wait_s(ahead, 2, measured) == pytest.approx(90 + 2 * start_s)
    assert wait_s(ahead, 3, measured) == pytest.approx(30 + start_s)
    assert wait_s(ahead, 4, measured) == 0.0


def test_no_workers_count_as_one() -> None:
    assert wait_s([job(30)], 0, {KEY: 1.0}) == pytest.approx(30 + estimates.START_S)


def test_an_urgent_job_does_not_wait_for_those_that_pause_for_it() -> None:
    measured = {KEY: 1.0}
    running = replace(job(300, JobState.PROCESSING), id="running")
    clip, high, normal = (
        replace(job(5), id="clip"),
        replace(job(60), id="high", options=Options(model="m", priority="high")),
        replace(job(60), id="normal"),
    )
    waits_s = estimates.waits_s([clip, high, normal], [running], 1, partial(estimates.work_s, measured=measured))
    clip_s, high_s = estimates.work_s(clip, measured), estimates.work_s(high, measured)
    assert waits_s == pytest.approx({"clip": 0.0, "high": clip_s, "normal": 300 + clip_s + high_s})


def test_of_a_recording_only_the_parts_to_transcribe_count() -> None:
    whole, part = job(duration_s=3600), job(duration_s=3600)
    part = replace(part, options=replace(part.options, clip_timestamps="600,660"))
    assert estimates.work_s(part, {KEY: 0.1}) < estimates.work_s(whole, {KEY: 0.1}) / 30
    running = replace(part, state=JobState.PROCESSING, progress=50.0)
    assert estimates.running_s(running, 10.0, 600.0, {KEY: 0.1}) == pytest.approx(10.0)
