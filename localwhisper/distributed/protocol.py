"""What the server and its workers tell each other.

The server calls functions of job_plugin on a worker (dask's Client.run()), and a worker logs events of TOPIC. All of it
passes through dask's connections, which pickle it: see docs/threat-model.md.
"""

import pickle
from dataclasses import dataclass
from typing import Any

from localwhisper.jobs.transcript import Window
from localwhisper.messages import Message

TOPIC = "localwhisper"
RESOURCE = "localwhisper"  # of a worker: how many jobs it does at once
TASK_PREFIX = "localwhisper-"  # of the keys of dask's tasks; the execution's id follows


@dataclass(frozen=True)
class Refused:
    """A worker doesn't take over an execution, and gets no others, either."""

    reason: Message


@dataclass(frozen=True)
class Measured:
    """See job_execution.Receiver, as are the following."""

    duration_s: float
    track: int


@dataclass(frozen=True)
class Progress:
    done_s: float
    message: Message


@dataclass(frozen=True)
class Offered:
    """Windows of this execution may be decoded by helpers."""


@dataclass(frozen=True)
class BatchSent:
    """From an execution to a helper of it."""

    helper_id: str
    number: int
    windows: bytes


@dataclass(frozen=True)
class HelperReady:
    """From a helper."""

    n_cores: int


@dataclass(frozen=True)
class BatchDecoded:
    """From a helper."""

    number: int
    windows: bytes


@dataclass(frozen=True)
class ModelWanted:
    """A part of the model that the server has for this execution: see server_models."""

    offset: int


Report = Measured | Progress | Window | Offered | BatchSent | HelperReady | BatchDecoded | ModelWanted


def report_event(execution_id: str, report: Report) -> dict[str, Any]:
    """An event of TOPIC. The execution's id can be read without unpickling the report: the topic has those of all
    servers."""
    return {"execution": execution_id, "report": pickle.dumps(report)}


def draining_event(address: str) -> dict[str, Any]:
    """An event of TOPIC: the worker at this address takes no more work, and hands over what it has."""
    return {"draining": address}


def read_report(event: dict[str, Any]) -> Report:
    report: Report = pickle.loads(event["report"])
    return report
