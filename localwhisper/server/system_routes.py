"""The routes of the server itself: its queue, its health, signing in, and its documentation."""

from localwhisper.server import auth, system, watched_folders, ws_handlers
from localwhisper.server.apidocs.docs_page import AsyncApiHandler, DocsHandler, OpenApiHandler
from localwhisper.server.route import LANGUAGE_QUERY, Operation, Route

SYSTEM_ROUTES: tuple[Route, ...] = (
    Route("/queue/info", system.QueueInfoHandler, {"get": Operation(
        summary="Figures of the queue, the WebSockets and a cluster's workers", response_schema="QueueInfo",
        query=LANGUAGE_QUERY)}),
    Route("/queue/restart", system.QueueRestartHandler, {"post": Operation(
        summary="Restart a stuck queue without losing a job", response_schema="QueueInfo", query=LANGUAGE_QUERY)}),
    Route("/watched-folders", watched_folders.WatchedFoldersHandler, {
        "get": Operation(summary="The folders whose new recordings are transcribed", response_schema="WatchedFolders",
                         errors=("local_only",)),
        "post": Operation(
            summary="Watch a folder of this machine: transcripts of its new recordings are written beside them or to"
            " another folder", status=201, response_schema="WatchedFolder", json_schema="NewWatchedFolder",
            curl_arguments='-d \'{"path": "/home/me/Recordings", "formats": ["srt"]}\'',
            errors=("local_only", "invalid_body", "invalid_option", "unknown_option", "model_cannot_translate",
                    "storage_full", "storage_unwritable"))}),
    Route("/watched-folders/{folder_id}", watched_folders.WatchedFolderHandler, {"delete": Operation(
        summary="Watch a folder no more; its jobs go on", status=204,
        errors=("local_only", "watched_folder_not_found", "storage_full", "storage_unwritable"))}),
    Route("/folders", watched_folders.FoldersHandler, {"get": Operation(
        summary="The subfolders of a folder of this machine, to choose one to be watched", response_schema="Folders",
        query={"path": {"type": "string", "description": "by default the user's home folder"}},
        errors=("local_only", "invalid_option"))}),
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
