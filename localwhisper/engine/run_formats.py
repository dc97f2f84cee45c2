"""In which number formats a job is computed that goes on with the windows of an earlier run, or of another machine."""

from collections.abc import Sequence

from localwhisper.engine.calibration.plan_selection import usable_plan
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Window
from localwhisper.messages import Message
from localwhisper.options import Options, Quality


def formats(options: Options, plan: str | None, footprint: Footprint) -> tuple[Quality, str | None]:
    """Return the quality whose formats are used, and the plan of the windows so far.

    A job goes on in the formats of `compact` if it once had no memory for its own.
    """
    if footprint is Footprint.SMALLEST:
        return "compact", None
    if plan and usable_plan(plan, options.quality) is None and usable_plan(plan, "compact") is not None:
        return "compact", plan
    return options.quality, plan


def plan_changed(windows: Sequence[Window], done: Sequence[Window]) -> tuple[Message, ...]:
    """Return a warning if earlier windows were computed in other number formats, which may hear a word differently."""
    plans = {window.after.plan for window in (*done, *windows)} - {None}
    return (Message("plan_changed"),) if len(plans) > 1 else ()
