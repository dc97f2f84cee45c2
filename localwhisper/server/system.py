"""The queue's figures, the server's health, metrics."""

from prometheus_client.exposition import CONTENT_TYPE_LATEST

from localwhisper import __version__
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler
from localwhisper.server.dependencies import Dependencies
from localwhisper.server.serializers import Json


class QueueInfoHandler(BaseHandler):
    def get(self) -> None:
        self.write_json(queue_info(self.dependencies, self.language))


class QueueRestartHandler(BaseHandler):
    async def post(self) -> None:
        await self.dependencies.jobs.queue.restart()
        self.write_json(queue_info(self.dependencies, self.language))


class HealthHandler(BaseHandler):
    public = True

    async def get(self) -> None:
        problem = await self.dependencies.health.problem()
        body: Json = {
            "status": "ok" if problem is None else "error",
            "version": __version__,
            "queue": serializers.queue_body(self.dependencies.jobs.queue),
        }
        if problem is not None:
            body["error"] = serializers.message_body(problem, self.language)
        self.write_json(body, 200 if problem is None else 503)


class MetricsHandler(BaseHandler):
    async def get(self) -> None:
        content = await self.dependencies.metrics.text()
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.set_header("Cache-Control", "no-store")
        self.finish(content)


def queue_info(dependencies: Dependencies, language: str) -> Json:
    counts = dependencies.sockets.counts
    workers = serializers.workers_body(dependencies.jobs.queue, language)
    body: Json = {
        "queue": serializers.queue_body(dependencies.jobs.queue),
        "websockets": {
            "total_connections": counts.total,
            "jobs_with_connections": len(counts.job_ids),
            "active_jobs": counts.job_ids,
        },
    }
    if workers is not None:
        body["workers"] = workers
    return body
