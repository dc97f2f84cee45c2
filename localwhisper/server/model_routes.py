"""The routes of models, and of what the form that submits a recording needs."""

from localwhisper.server import models, submission_form, term_lists
from localwhisper.server.route import LANGUAGE_QUERY, Operation, Route

_IMPORT_ERRORS = ("checkpoint_unusable", "published_name", "model_bundled", "storage_full", "storage_unwritable")

MODEL_ROUTES: tuple[Route, ...] = (
    Route("/models", models.ModelsHandler, {"get": Operation(
        summary="All models, and which of them are on this machine", response_schema="Models", query=LANGUAGE_QUERY)}),
    Route("/models/import", models.ImportHandler, {"post": Operation(
        summary="Import a model from a file; it is checked before it replaces anything", status=201,
        response_schema="Model", form_schema="CheckpointUpload", curl_arguments="-F file=@my-model.pt",
        errors=("missing_file", "unknown_option", "duplicate_field", "invalid_body", "upload_too_large",
                "invalid_option", *_IMPORT_ERRORS))}),
    Route("/models/{name}", models.ModelHandler, {"delete": Operation(
        summary="Remove a model from this machine", response_schema="Model",
        errors=("model_not_found", "model_bundled"))}),
    Route("/models/{name}/download", models.DownloadHandler, {"post": Operation(
        summary="Start downloading a model; progress is sent on /ws/queue", status=202, response_schema="Model",
        errors=("model_not_found", "invalid_option"), query={"source": {
            "type": "string", "description": "openai or index; by default the first that can be reached"}}),
        "delete": Operation(
        summary="Cancel a model's download; the next one continues it", response_schema="Model",
        errors=("model_not_found",))}),
    Route("/models/{name}/import", models.ImportFoundHandler, {"post": Operation(
        summary="Import a model that another program keeps on this machine: one of `found` in GET /models", status=201,
        response_schema="Model", errors=("model_not_found", *_IMPORT_ERRORS))}),
    Route("/options", submission_form.OptionsHandler, {"get": Operation(
        summary="The options of a job, with the texts of a form", response_schema="OptionList", query=LANGUAGE_QUERY)}),
    Route("/term-lists", term_lists.TermListsHandler, {"get": Operation(
        summary="The lists of names and terms that the user keeps", response_schema="TermLists",
        errors=("storage_unwritable",))}),
    Route("/term-lists/{list}", term_lists.TermListHandler, {
        "put": Operation(
            summary="Keep a list of names and terms; a job's `terms` may name it as @list", response_schema="TermList",
            json_schema="Terms", curl_arguments='-d \'{"terms": "Ada Lovelace"}\'',
            errors=("invalid_body", "invalid_option", "storage_full", "storage_unwritable")),
        "delete": Operation(
            summary="Remove a list; jobs that used it are not changed", status=204,
            errors=("term_list_not_found", "storage_full", "storage_unwritable"))}),
    Route("/samples", submission_form.SamplesHandler, {"get": Operation(
        summary="The bundled sample clips, with their texts", response_schema="Samples", query=LANGUAGE_QUERY)}),
)  # fmt: skip
