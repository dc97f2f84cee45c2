"""Everything the server says to people: code + parameters → text, in English and Spanish."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LANGUAGES = ("en", "es")
Text = tuple[str, str]  # English, Spanish


@dataclass(frozen=True)
class Message:
    """A text yet to be put into words: stored as code and parameters, rendered at the edge."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


def render(message: Message, language: str = "en") -> str:
    """The message in words; English where the language isn't spoken, the code where it is unknown."""
    template = in_language(TEXTS.get(message.code, (message.code, message.code)), language)
    try:
        return template.format(**message.params)
    except (KeyError, IndexError, ValueError):
        return template


def in_language(text: Text, language: str) -> str:
    english, spanish = text
    return spanish if language == "es" else english


def negotiate(accept_language: str | None) -> str:
    """The best of our languages for an Accept-Language header (RFC 9110, 12.5.4)."""
    ranked: list[tuple[float, int, str]] = []
    for place, item in enumerate((accept_language or "").split(",")):
        tag, *params = (part.strip() for part in item.split(";"))
        try:
            weight = next((float(param[2:]) for param in params if param.startswith("q=")), 1.0)
        except ValueError:
            continue
        primary = tag.split("-")[0].lower()
        if primary in LANGUAGES and weight > 0:
            ranked.append((-weight, place, primary))
    return min(ranked)[2] if ranked else "en"


TEXTS: Mapping[str, Text] = {
    # -- what a job is doing
    "job_pending": ("Receiving the file", "Recibiendo el archivo"),
    "job_queued": ("Waiting for a free worker", "Esperando turno"),
    "job_processing": ("Starting", "Empezando"),
    "job_resting": ("Resting while a more urgent job is done", "En pausa mientras se hace un trabajo más urgente"),
    "job_completed": ("Transcription completed", "Transcripción terminada"),
    "job_failed": ("Transcription failed", "La transcripción falló"),
    "job_cancelled": ("Cancelled", "Cancelado"),
    "cancelling": ("Cancelling", "Cancelando"),
    "measuring_model": (
        "Measuring how model {model} runs best here",
        "Midiendo cómo funciona mejor el modelo {model} aquí",
    ),
    "loading_model": ("Loading model {model}", "Cargando el modelo {model}"),
    "downloading_model": (
        "Downloading model {model}: {percent} %",
        "Descargando el modelo {model}: {percent} %",
    ),
    "reading_audio": ("Reading the audio", "Leyendo el audio"),
    "processing_segment": (
        "Processing segment {current}/{total}",
        "Procesando el segmento {current}/{total}",
    ),
    "connected": ("Connected", "Conectado"),
    # -- what was asked for
    "invalid_option": (
        "'{value}' is not a value for {field}. Accepted: {accepted}.",
        "'{value}' no es un valor para {field}. Se acepta: {accepted}.",
    ),
    "unknown_option": (
        "There is no field '{field}'. Accepted: {accepted}.",
        "No existe el campo '{field}'. Se aceptan: {accepted}.",
    ),
    "duplicate_field": (
        "The field '{field}' was sent twice. Send it once.",
        "El campo '{field}' se envió dos veces. Envíelo una sola vez.",
    ),
    "missing_file": (
        "No file was sent. Send the audio as the multipart field '{field}'.",
        "No se envió ningún archivo. Envíe el audio en el campo multipart '{field}'.",
    ),
    "invalid_body": (
        "The request could not be read: {reason}.",
        "No se pudo leer la solicitud: {reason}.",
    ),
    "upload_too_large": (
        "The file is larger than the limit of {limit_bytes} bytes. Split it, or raise MAX_UPLOAD_BYTES.",
        "El archivo supera el límite de {limit_bytes} bytes. Divídalo o aumente MAX_UPLOAD_BYTES.",
    ),
    "route_not_found": (
        "There is nothing at this address. See /openapi.json for what there is.",
        "No hay nada en esta dirección. Vea /openapi.json para saber qué hay.",
    ),
    "method_not_allowed": (
        "This address doesn't take {method}. See /openapi.json.",
        "Esta dirección no acepta {method}. Vea /openapi.json.",
    ),
    "forbidden_host": (
        "Requests for the host '{host}' are not served. Use localhost, or allow it with --allowed-hosts.",
        "No se atienden solicitudes para el host '{host}'. Use localhost o permítalo con --allowed-hosts.",
    ),
    "forbidden_origin": (
        "Pages of '{origin}' may not use this server.",
        "Las páginas de '{origin}' no pueden usar este servidor.",
    ),
    "unauthorized": (
        "This server needs its right token: send 'Authorization: Bearer <token>'.",
        "Este servidor requiere su token correcto: envíe 'Authorization: Bearer <token>'.",
    ),
    "too_many_attempts": (
        "A wrong token was given. Try again in {seconds} seconds.",
        "Se dio un token incorrecto. Inténtelo de nuevo en {seconds} segundos.",
    ),
    "bad_request": ("The request could not be understood.", "No se entendió la solicitud."),
    "invalid_frame": (
        'This message is not understood: {reason}. Send {{"type": "ping"}} or {{"type": "get_status"}}.',
        'Este mensaje no se entiende: {reason}. Envíe {{"type": "ping"}} o {{"type": "get_status"}}.',
    ),
    # -- jobs
    "job_not_found": ("There is no job {job_id}.", "No existe el trabajo {job_id}."),
    "job_already_finished": (
        "The job has already ended ({state}). Use ?remove=true to remove it.",
        "El trabajo ya terminó ({state}). Use ?remove=true para eliminarlo.",
    ),
    "job_not_finished": (
        "The job has no transcript yet ({state}). Wait until it is completed.",
        "El trabajo aún no tiene transcripción ({state}). Espere a que termine.",
    ),
    "job_was_cancelled": (
        "The job was cancelled before it was done. Send the audio again if you need its text.",
        "El trabajo se canceló antes de terminar. Envíe el audio de nuevo si necesita su texto.",
    ),
    "job_not_retryable": (
        "Only a failed or cancelled job can be run again; this one is {state}.",
        "Solo se puede repetir un trabajo fallido o cancelado; este está {state}.",
    ),
    "transcript_changed": (
        "The transcript was changed elsewhere meanwhile; it is now version {version}. Read it again.",
        "La transcripción se cambió entretanto en otro lugar; ahora es la versión {version}. Léala de nuevo.",
    ),
    "job_damaged": (
        "The job's file {file} is damaged or missing. Submit the audio again.",
        "El archivo {file} del trabajo está dañado o falta. Envíe el audio de nuevo.",
    ),
    "job_crashed": (
        "localwhisper broke down twice at the same place of this recording, so the job was set aside. "
        "Most often memory ran out: choose a smaller model or run fewer jobs at once, then try again.",
        "localwhisper se cerró dos veces en el mismo punto de esta grabación, así que el trabajo se apartó. "
        "Casi siempre falta memoria: elija un modelo más pequeño o menos trabajos a la vez e inténtelo de nuevo.",
    ),
    "record_restored": (
        "The job's record was damaged; its transcript was saved",
        "El registro del trabajo estaba dañado; la transcripción se salvó",
    ),
    "invalid_transition": (
        "Job {job_id} can't go from {old} to {new}.",
        "El trabajo {job_id} no puede pasar de {old} a {new}.",
    ),
    # -- audio
    "ffmpeg_missing": (
        "ffmpeg was not found. Install it (apt install ffmpeg, brew install ffmpeg) or: pip install imageio-ffmpeg.",
        "No se encontró ffmpeg. Instálelo (apt install ffmpeg, brew install ffmpeg) o: pip install imageio-ffmpeg.",
    ),
    "audio_unreadable": (
        "This file can't be read as audio or video ({reason}). Try to play it, or convert it to wav or mp3.",
        "Este archivo no se puede leer como audio o vídeo ({reason}). Intente reproducirlo o conviértalo a wav o mp3.",
    ),
    "no_audio_track": (
        "This file has no audio track. Choose one with sound.",
        "Este archivo no tiene pista de audio. Elija uno con sonido.",
    ),
    "audio_too_long": (
        "The audio is longer than the limit of {limit_s} seconds. Split it, or raise MAX_AUDIO_SECONDS.",
        "El audio supera el límite de {limit_s} segundos. Divídalo o aumente MAX_AUDIO_SECONDS.",
    ),
    "audio_timeout": (
        "Reading the audio took longer than {timeout_s} seconds and was given up. Convert it to wav and try again.",
        "Leer el audio tardó más de {timeout_s} segundos y se abandonó. Conviértalo a wav e inténtelo de nuevo.",
    ),
    # -- models
    "model_not_found": (
        "There is no model '{model}'. Known: {accepted}.",
        "No existe el modelo '{model}'. Conocidos: {accepted}.",
    ),
    "model_download_failed": (
        "The model {model} is not on this machine and could not be downloaded ({reason}). "
        "Check the connection and try again, or choose the model demo, which needs none.",
        "El modelo {model} no está en este equipo y no se pudo descargar ({reason}). "
        "Revise la conexión e inténtelo de nuevo, o elija el modelo demo, que no la necesita.",
    ),
    "model_corrupt": (
        "The checkpoint of {model} can't be used ({reason}). Remove it and download it again.",
        "El archivo del modelo {model} no se puede usar ({reason}). Elimínelo y descárguelo de nuevo.",
    ),
    "checkpoint_unusable": (
        "This is no checkpoint that can be used as {model} ({reason}). "
        "It must be a .pt file of openai-whisper, or a Whisper folder of Hugging Face.",
        "Este no es un modelo que se pueda usar como {model} ({reason}). "
        "Debe ser un archivo .pt de openai-whisper o una carpeta Whisper de Hugging Face.",
    ),
    "model_bundled": (
        "The model {model} is part of the program and can't be removed.",
        "El modelo {model} forma parte del programa y no se puede eliminar.",
    ),
    "model_cannot_translate": (
        "The model {model} can't translate. Choose a multilingual model such as medium.",
        "El modelo {model} no puede traducir. Elija un modelo multilingüe como medium.",
    ),
    "out_of_memory": (
        "The memory of this machine was not enough for the model {model}. "
        "Choose a smaller model or run fewer jobs at once.",
        "La memoria de este equipo no alcanzó para el modelo {model}. "
        "Elija un modelo más pequeño o menos trabajos a la vez.",
    ),
    "memory_full": (
        "This machine has no memory left for that. Close other programs or wait until jobs are done, then try again.",
        "Este equipo no tiene memoria libre para eso. "
        "Cierre otros programas o espere a que acaben los trabajos, e inténtelo de nuevo.",
    ),
    "engine_not_loaded": (
        "The speech engine could not be loaded; most often memory has run out. "
        "Close other programs, start localwhisper again, and then run this job again.",
        "No se pudo cargar el motor de voz; casi siempre falta memoria. "
        "Cierre otros programas, reinicie localwhisper y repita este trabajo.",
    ),
    "demo_description": (
        "Bundled: understands spoken numbers and some fifty everyday words in English and Spanish, for a first try",
        "Incluido: entiende números hablados y unas cincuenta palabras cotidianas en inglés y español, para probar",
    ),
    # -- the machine
    "storage_full": (
        "The disk is full. Free some space and try again.",
        "El disco está lleno. Libere espacio e inténtelo de nuevo.",
    ),
    "storage_unwritable": (
        "{path} can't be written ({reason}). Choose another place with --data-dir.",
        "No se puede escribir en {path} ({reason}). Elija otro lugar con --data-dir.",
    ),
    "data_dir_in_use": (
        "Another localwhisper uses {path}. Stop it, or choose another place with --data-dir.",
        "Otro localwhisper usa {path}. Deténgalo o elija otro lugar con --data-dir.",
    ),
    "port_in_use": (
        "Port {port} on {host} is taken. Stop what uses it, or choose another with --port.",
        "El puerto {port} de {host} está ocupado. Detenga lo que lo usa o elija otro con --port.",
    ),
    "store_too_new": (
        "These data were written by a newer localwhisper (format {found}, this one knows {known}). Upgrade it.",
        "Estos datos son de un localwhisper más nuevo (formato {found}; este conoce {known}). Actualícelo.",
    ),
    "queue_not_running": (
        "The queue is not running. POST /queue/restart starts it.",
        "La cola no está en marcha. POST /queue/restart la inicia.",
    ),
    "file_missing": (
        "There is no file or folder {path}.",
        "No existe el archivo o la carpeta {path}.",
    ),
    "not_on_this_system": (
        "This command doesn't know the system {system}. Run localwhisper by hand, or by the system's own means.",
        "Esta orden no conoce el sistema {system}. Ejecute localwhisper a mano o con los medios del sistema.",
    ),
    "server_not_starting": (
        "The server did not start. Run localwhisper by hand to see why, or: localwhisper doctor.",
        "El servidor no arrancó. Ejecute localwhisper a mano para ver por qué, o: localwhisper doctor.",
    ),
    "bad_setting": (
        "{name}: '{value}' is not accepted. It takes {accepted}.",
        "{name}: no se acepta '{value}'. Admite {accepted}.",
    ),
    "internal_error": (
        "Something went wrong inside localwhisper. The log says more under {log_id}.",
        "Algo falló dentro de localwhisper. El registro dice más en {log_id}.",
    ),
}
