"""How many sockets are open, and for which jobs."""

from collections import Counter


class Connections:
    def __init__(self) -> None:
        self.total = 0
        self._by_job: Counter[str] = Counter()

    @property
    def job_ids(self) -> list[str]:
        return list(self._by_job)

    def opened(self, job_id: str | None) -> None:
        self.total += 1
        if job_id is not None:
            self._by_job[job_id] += 1

    def closed(self, job_id: str | None) -> None:
        self.total -= 1
        if job_id is not None:
            self._by_job[job_id] -= 1
            if not self._by_job[job_id]:
                del self._by_job[job_id]
