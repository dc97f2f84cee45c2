"""The routes of the server itself: its queue, its health, signing in, and its documentation."""

from localwhisper.server import auth, system, ws_handlers
from localwhisper.server.apidocs.docs_page import AsyncApiHandler, DocsHandler, OpenApiHandler
from localwhisper.server.route import LANGUAGE_QUERY, Operation, Route

SYSTEM_ROUTES: tuple[Route, ...] = (
    Route("/queue/info", system.QueueInfoHandler, {"get": Operation(
        summary="Figures of the queue and the WebSockets", response_schema="QueueInfo")}),
    Route("/queue/restart", system.QueueRestartHandler, {"post": Operation(
        summary="Restart a stuck queue without losing a job", response_schema="QueueInfo")}),
    Route("/health", system.HealthHandler, {"get": Operation(
        summary="Whether jobs can be accepted and stored; otherwise 503 with the reason", response_schema="Health",
        other_statuses=(503,))}),
    Route("/login", auth.LoginHandler, {
        "post": Operation(summary="Exchange the token for a cookie, as the page does", response_schema="Login",
                          curl_arguments='-d \'{"token": "TOKEN"}\'', json_schema="Token", errors=("invalid_body",)),
        "delete": Operation(summary="Clear the cookie", response_schema="Login")}),
    Route("/openapi.json", OpenApiHandler, {"get": Operation(
        summary="This description (OpenAPI 3.1)", response_schema="OpenApi")}),
    Route("/asyncapi.json", AsyncApiHandler, {"get": Operation(
        summary="The WebSocket protocol (AsyncAPI 3)", response_schema="OpenApi")}),
    Route("/metrics", system.MetricsHandler, {"get": Operation(
        summary="Metrics for Prometheus", media_types=("text/plain",))}),
    Route("/docs", DocsHandler, {"get": Operation(summary="This description as a page", media_types=("text/html",))}),
    Route("/ws/queue", ws_handlers.QueueSocketHandler, {"get": Operation(
        summary="WebSocket: every job's changes and the queue's figures", status=101, query=LANGUAGE_QUERY)}),
)  # fmt: skip
