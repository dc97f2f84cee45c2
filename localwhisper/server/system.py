"""The queue's figures, the server's health, the description of the API."""

import os
import shutil

from prometheus_client.exposition import CONTENT_TYPE_LATEST

from localwhisper import __version__
from localwhisper.messages import Message
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler
from localwhisper.server.services import Services

NEARLY_FULL_BYTES = 200 * 1024 * 1024


def queue_figures(services: Services) -> serializers.Json:
    queue = services.jobs.queue
    return {
        "queue_size": len(queue.waiting()),
        "active_jobs": queue.n_working,
        "total_jobs": len(queue.index),
        "max_concurrent_jobs": queue.max_concurrent_jobs,
        "is_running": queue.is_running,
    }


def queue_info(services: Services) -> serializers.Json:
    connections = services.sockets.counts
    return {
        "queue": queue_figures(services),
        "websockets": {
            "total_connections": connections.total,
            "jobs_with_connections": len(connections.job_ids),
            "active_jobs": connections.job_ids,
        },
    }


class QueueInfoHandler(BaseHandler):
    def get(self) -> None:
        self.write_json(queue_info(self.services))


class QueueRestartHandler(BaseHandler):
    async def post(self) -> None:
        await self.services.jobs.queue.restart()
        self.write_json(queue_info(self.services))


def troubles(services: Services) -> list[Message]:
    """Why jobs can't be taken or kept; empty when all is well."""
    data_dir = services.settings.data_dir
    found = []
    if not services.jobs.queue.is_running:
        found.append(Message("queue_not_running"))
    if not os.access(data_dir, os.W_OK | os.X_OK):
        found.append(Message("storage_unwritable", {"path": str(data_dir), "reason": "no permission"}))
    elif shutil.disk_usage(data_dir).free < NEARLY_FULL_BYTES:
        found.append(Message("storage_full"))
    return found


class HealthHandler(BaseHandler):
    public = True

    def get(self) -> None:
        found = troubles(self.services)
        body: serializers.Json = {
            "status": "error" if found else "ok",
            "version": __version__,
            "queue": queue_figures(self.services),
        }
        if found:
            body["error"] = serializers.message_body(found[0], self.language)
        self.write_json(body, 503 if found else 200)


class MetricsHandler(BaseHandler):
    async def get(self) -> None:
        content = await self.services.metrics.text()
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.set_header("Cache-Control", "no-store")
        self.finish(content)
