"""The routes of jobs: submitting, recording, reading, correcting and removing them."""

from typing import Any

from localwhisper.audio.clip import CLIP_FORMATS
from localwhisper.export.registry import EXPORTERS
from localwhisper.options import LAYOUT_OPTIONS
from localwhisper.server import (
    archive,
    job_audio,
    jobs,
    known_voices,
    live_socket,
    recordings,
    second_texts,
    speakers,
    term_lists,
    transcripts,
    uploads,
    ws_handlers,
)
from localwhisper.server.jobs import MAX_PAGE
from localwhisper.server.route import LANGUAGE_QUERY, PLACEHOLDERS, UPLOAD_ERRORS, Operation, Route

CURSOR = rf"^(-?[0-9]+_{PLACEHOLDERS['job_id']})?$"
_EXPORT_FORMAT = {"type": "string", "enum": list(EXPORTERS), "default": "txt"}
_LAYOUT = {name: option.schema for name, option in LAYOUT_OPTIONS.items()}
_WHICH_TEXT = {
    "original": {"type": "boolean", "default": False, "description": "before corrections"},
    "partial": {"type": "boolean", "default": False, "description": "also of a job that is not completed: so far"},
}
_EXPORT_TYPES = tuple(dict.fromkeys(exporter.media_type for exporter in EXPORTERS.values()))
_JOB_NOT_FOUND = ("job_not_found",)
_READING_ERRORS = (
    "audio_unreadable",
    "no_audio_track",
    "audio_track_not_found",
    "audio_timeout",
    "audio_interrupted",
    "dictation_unsupported",
    "ffmpeg_missing",
)
_ALIGNMENT_ERRORS = (
    *_JOB_NOT_FOUND,
    "job_not_finished",
    "job_damaged",
    "audio_too_long",
    *_READING_ERRORS,
    "model_not_found",
    "model_download_failed",
    "model_corrupt",
    "out_of_memory",
    "engine_not_loaded",
    "queue_not_running",
    "storage_full",
    "storage_unwritable",
)
_WITH: dict[str, dict[str, Any]] = {
    "with": {
        "type": "string",
        "required": True,
        "description": "the other job; with the job's own id, the machine's text before corrections",
    }
}
_CLIP: dict[str, dict[str, Any]] = {
    "from": {"type": "number", "minimum": 0, "default": 0, "description": "start of a clip, in seconds"},
    "to": {"type": "number", "minimum": 0, "description": f"its end; at most {job_audio.MAX_CLIP_S} s later"},
    "format": {"type": "string", "enum": [*CLIP_FORMATS], "default": "wav", "description": "of a clip"},
}

JOB_ROUTES: tuple[Route, ...] = (
    Route("/transcribe-job", uploads.SubmitHandler, {"post": Operation(
        summary="Submit an audio or video file", response_schema="Submitted", form_schema="Upload",
        query=LANGUAGE_QUERY, curl_arguments="-F file=@talk.mp3 -F model=demo -F language=auto",
        errors=(*UPLOAD_ERRORS, "unknown_option"))}),
    Route("/recordings", recordings.RecordingsHandler, {"post": Operation(
        summary="Begin a recording: a pending job whose samples are sent while they are recorded", status=201,
        response_schema="Job", json_schema="Recording", query=LANGUAGE_QUERY,
        curl_arguments="-d '{\"filename\": \"Memo.wav\"}'",
        errors=("invalid_body", "invalid_option", "unknown_option", "model_cannot_translate", "queue_not_running",
                "storage_full", "storage_unwritable"))}),
    Route("/job/{job_id}/recording", recordings.SamplesHandler, {"post": Operation(
        summary="Add samples to a recording: mono, 16 kHz, signed 16-bit little-endian; those already received are"
        " ignored", response_schema="RecordingSize", curl_query="offset=0", curl_arguments="--data-binary @samples.raw",
        query={"offset": {"type": "integer", "minimum": 0, "description": "where they begin, in bytes",
                          "required": True}},
        errors=(*_JOB_NOT_FOUND, "recording_ended", "job_damaged", "invalid_option", "upload_too_large",
                "audio_too_long", "storage_full", "storage_unwritable"))}),
    Route("/job/{job_id}/recording/finish", recordings.FinishHandler, {"post": Operation(
        summary="Queue a recording, once all its samples have been sent", response_schema="Job", query=LANGUAGE_QUERY,
        errors=(*_JOB_NOT_FOUND, "recording_ended", "job_damaged", "audio_unreadable", "no_audio_track",
                "audio_too_long", "audio_timeout", "ffmpeg_missing", "storage_full", "storage_unwritable"))}),
    Route("/job/{job_id}/recording/draft", recordings.DraftHandler, {"post": Operation(
        summary="Correct a line of a recording's live text; once it is transcribed, those words of the transcript",
        status=204, json_schema="DraftCorrection",
        curl_arguments='-d \'{"segment": {"start": 0, "end": 2.5, "text": "ten cats"}, "text": "ten cards"}\'',
        errors=(*_JOB_NOT_FOUND, "recording_ended", "job_damaged", "invalid_body", "invalid_option", "storage_full",
                "storage_unwritable"))}),
    Route("/jobs", jobs.JobsHandler, {"get": Operation(
        summary="List jobs, newest first", response_schema="JobPage", errors=("invalid_option",),
        query={"status": {"type": "string", "description": "states, separated by commas"},
               "q": {"type": "string", "description": "part of file name or tag, words of the text, or speaker:Ann"},
               "tag": {"type": "string", "description": "a tag, in any case"},
               "limit": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 50},
               "cursor": {"type": "string", "pattern": CURSOR, "description": "next_cursor of the previous page"},
               "preview": {"type": "boolean", "default": False, "description": "with the beginning of each text"},
               **LANGUAGE_QUERY})}),
    Route("/job/{job_id}", jobs.JobHandler, {
        "get": Operation(summary="One job, with its result once it is completed", response_schema="Job",
                         errors=(*_JOB_NOT_FOUND, "job_damaged"), query=LANGUAGE_QUERY),
        "patch": Operation(summary="Rename a job that has ended, or replace its tags or notes", response_schema="Job",
                           json_schema="Description", query=LANGUAGE_QUERY,
                           curl_arguments='-d \'{"tags": ["interview"]}\'',
                           errors=(*_JOB_NOT_FOUND, "job_not_finished", "invalid_body", "unknown_option",
                                   "invalid_option", "storage_full", "storage_unwritable")),
        "delete": Operation(summary="Cancel a job; with remove=true, delete it with its files", response_schema="Job",
                            errors=(*_JOB_NOT_FOUND, "job_already_finished", "invalid_option"),
                            query={"remove": {"type": "boolean", "default": False}, **LANGUAGE_QUERY})}),
    Route("/job/{job_id}/retry", jobs.RetryHandler, {"post": Operation(
        summary="Run a failed or cancelled job again, with changed options if the body has any; it continues where it"
        " ended unless those give another text", response_schema="Job",
        errors=(*_JOB_NOT_FOUND, "job_not_retryable", "job_damaged", "invalid_body", "unknown_option", "invalid_option",
                "model_cannot_translate", "storage_unwritable"), json_schema="Retry",
        query={"from_start": {"type": "boolean", "default": False, "description": "discard the text so far"},
               **LANGUAGE_QUERY})}),
    Route("/job/{job_id}/again", second_texts.AgainHandler, {"post": Operation(
        summary="Transcribe the recording of a job that has ended again, as a new job, with the options of the body in"
        " place of its own; clip_timestamps selects a part. Corrections are carried over where the texts agree",
        status=201, response_schema="Job", json_schema="Retry", curl_arguments="-d '{\"model\": \"small\"}'",
        query={"second_opinion": {"type": "boolean", "default": False,
                                  "description": "by a more accurate model on this machine, or a wider search"},
               **LANGUAGE_QUERY},
        errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged", "invalid_body", "unknown_option", "invalid_option",
                "model_cannot_translate", "queue_not_running", "storage_full", "storage_unwritable"))}),
    Route("/job/{job_id}/differences", second_texts.DifferencesHandler, {
        "get": Operation(
            summary="Where the text of another job, usually of the same recording, differs", curl_query="with=JOB_ID",
            response_schema="Differences", query=_WITH,
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged", "invalid_option")),
        "post": Operation(
            summary="Correct the transcript: take over differences by their ids; 409 if `version` is not the latest",
            response_schema="Corrected", json_schema="TakeOver", query=_WITH, curl_query="with=JOB_ID",
            curl_arguments='-d \'{"version": 0, "ids": []}\'',
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "transcript_changed", "job_damaged", "invalid_body",
                    "invalid_option", "storage_full", "storage_unwritable"))}),
    Route("/job/{job_id}/terms", term_lists.JobTermsHandler, {"post": Operation(
        summary="Correct the transcript: replace what names and terms say, such as `heard => written` or @list; with"
        " preview=true, only say what would change. 409 if `version` is not the latest",
        response_schema="TermChanges", json_schema="ApplyTerms",
        query={"preview": {"type": "boolean", "default": False, "description": "change nothing"}},
        curl_arguments='-d \'{"version": 0, "terms": "cube cuttle => kubectl"}\'',
        errors=(*_JOB_NOT_FOUND, "job_not_finished", "transcript_changed", "job_damaged", "invalid_body",
                "invalid_option", "storage_full", "storage_unwritable"))}),
    Route("/job/{job_id}/audio", job_audio.AudioHandler, {"get": Operation(
        summary="The uploaded audio, with Range; with from, to or format, that part of it as a file of its own",
        media_types=("audio/*", "video/*", "application/octet-stream"), query=_CLIP,
        errors=(*_JOB_NOT_FOUND, "job_damaged", "invalid_option", *_READING_ERRORS))}),
    Route("/job/{job_id}/waveform", job_audio.WaveformHandler, {"get": Operation(
        summary="Peaks of the audio, for drawing a waveform; computed once", response_schema="Waveform",
        errors=(*_JOB_NOT_FOUND, "job_damaged", "audio_too_long", *_READING_ERRORS))}),
    Route("/job/{job_id}/transcript", transcripts.CorrectionHandler, {
        "get": Operation(
            summary="The transcript as a file, with all corrections", media_types=_EXPORT_TYPES,
            query={"format": _EXPORT_FORMAT, **_WHICH_TEXT, **_LAYOUT},
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged", "invalid_option")),
        "patch": Operation(
            summary="Correct the transcript: replace `remove` segments from index `at` with those sent; 409 if"
            " `version` is not the latest", response_schema="Corrected", json_schema="Correction",
            curl_arguments='-d \'{"version": 0, "at": 0, "remove": 0, "segments": []}\'',
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "transcript_changed", "job_damaged", "invalid_body",
                    "invalid_option", "storage_full", "storage_unwritable")),
        "delete": Operation(
            summary="Discard all corrections, as a new version", response_schema="Restored", curl_query="version=1",
            query={"version": {"type": "integer", "minimum": 0, "description": "the latest", "required": True}},
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "transcript_changed", "job_damaged", "invalid_option",
                    "storage_full", "storage_unwritable"))}),
    Route("/job/{job_id}/words", transcripts.WordsHandler, {"post": Operation(
        summary="The times of the words of a completed job: found in the audio without decoding it again, if it has"
        " none, and stored; answers when they are", response_schema="Restored",
        errors=_ALIGNMENT_ERRORS)}),
    Route("/job/{job_id}/align", second_texts.AlignHandler, {"post": Operation(
        summary="Replace the transcript of a completed job by a text that one has, a script or subtitles as SRT or"
        " WebVTT: its words get their times in the recording; answers when they are stored. 409 if `version` is not"
        " the latest", response_schema="Aligned", json_schema="Script",
        curl_arguments='-d \'{"version": 0, "text": "…"}\'',
        errors=(*_ALIGNMENT_ERRORS, "transcript_changed", "invalid_body", "invalid_option"))}),
    Route("/job/{job_id}/transcript.{format}", transcripts.TranscriptHandler, {"get": Operation(
        summary="The transcript as a file, in the format of the extension", media_types=_EXPORT_TYPES,
        query={**_WHICH_TEXT, **_LAYOUT},
        errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged", "invalid_option"))}),
    Route("/transcripts.zip", archive.ArchiveHandler, {"get": Operation(
        summary="Several transcripts as files in one ZIP archive, each named after its recording",
        media_types=("application/zip",), curl_query="ids=JOB_ID,JOB_ID&format=docx",
        query={"ids": {"type": "string", "description": f"ids of at most {archive.MAX_JOBS} completed jobs, separated"
                       " by commas", "required": True},
               "format": {**_EXPORT_FORMAT, "enum": [name for name in EXPORTERS if name != "zip"]}, **_LAYOUT},
        errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged", "invalid_option"))}),
    Route("/job/{job_id}/speakers", speakers.SpeakersHandler, {
        "get": Operation(
            summary="A job's speakers, the speaker of each segment, and how far a search for them is",
            response_schema="Speakers", query=LANGUAGE_QUERY,
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged")),
        "post": Operation(
            summary="Find out who speaks in a completed job, without transcribing it again; names that were given stay",
            status=202, response_schema="Speakers", json_schema="SpeakerSearch", query=LANGUAGE_QUERY,
            curl_arguments='-d \'{"speakers": "auto"}\'',
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged", "invalid_body", "unknown_option",
                    "invalid_option")),
        "patch": Operation(
            summary="Name speakers, make two one, undo that (`split` of its answer), or give `count` segments from"
            " index `at` to one (or \"new\"); 409 if `version` is not the latest", response_schema="Speakers",
            json_schema="SpeakerEdit", query=LANGUAGE_QUERY,
            curl_arguments='-d \'{"version": 0, "names": {}}\'',
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "transcript_changed", "job_damaged", "invalid_body",
                    "invalid_option", "storage_full", "storage_unwritable")),
        "delete": Operation(
            summary="End the search for speakers; the transcript stays as it is", response_schema="Speakers",
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged"), query=LANGUAGE_QUERY)}),
    Route("/job/{job_id}/speakers/suggestions", known_voices.SuggestionsHandler, {"get": Operation(
        summary="Whose known voices the speakers without a name may have; answers when the voices are compared",
        response_schema="Suggestions",
        errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged", "engine_not_loaded", "queue_not_running",
                "storage_full", "storage_unwritable", "audio_too_long", *_READING_ERRORS))}),
    Route("/known-voices", known_voices.KnownVoicesHandler, {
        "get": Operation(summary="The people whose voices are known", response_schema="KnownVoices",
                         errors=("storage_unwritable",)),
        "post": Operation(
            summary="Keep the voice of a job's speaker, to suggest the name in other recordings: a voiceprint, which is"
            " biometric data, on this machine alone. It replaces one of the same name", status=201,
            response_schema="KnownVoice", json_schema="KeptVoice",
            curl_arguments='-d \'{"job_id": "JOB_ID", "speaker": "S1"}\'',
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged", "invalid_body", "invalid_option",
                    "engine_not_loaded", "queue_not_running", "storage_full", "storage_unwritable", "audio_too_long",
                    *_READING_ERRORS)),
        "delete": Operation(summary="Forget all known voices", status=204,
                            errors=("storage_full", "storage_unwritable"))}),
    Route("/known-voices/{voice_id}", known_voices.KnownVoiceHandler, {"delete": Operation(
        summary="Forget a known voice; names in transcripts stay", status=204,
        errors=("known_voice_not_found", "storage_full", "storage_unwritable"))}),
    Route("/job/{job_id}/subtitle-check", transcripts.SubtitleCheckHandler, {"get": Operation(
        summary="Subtitles that are outside the limits of their preset", response_schema="SubtitleCheck", query=_LAYOUT,
        errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged", "invalid_option"))}),
    Route("/ws/live", live_socket.LiveSocketHandler, {"get": Operation(
        summary="WebSocket: send a recording while it is made, and get its text", status=101, query=LANGUAGE_QUERY)}),
    Route("/ws/transcription/{job_id}", ws_handlers.JobSocketHandler, {"get": Operation(
        summary="WebSocket: one job's progress, segments and result", status=101, errors=_JOB_NOT_FOUND,
        query=LANGUAGE_QUERY)}),
)  # fmt: skip
