"""The texts shown to people, in English and Spanish, by code."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from localwhisper.audio_texts import AUDIO_TEXTS
from localwhisper.cluster_texts import CLUSTER_TEXTS
from localwhisper.model_texts import MODEL_TEXTS
from localwhisper.reason_texts import in_spanish

LANGUAGES = ("en", "es")
Text = tuple[str, str]  # English, Spanish


@dataclass(frozen=True)
class Message:
    """A text as it is stored: its code and parameters. It is rendered in the reader's language when it is sent."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


def render(message: Message, language: str = "en") -> str:
    """The text of a message: in English if the language isn't supported, the code itself if there is no text for it."""
    template = in_language(TEXTS.get(message.code, (message.code, message.code)), language)
    params = dict(message.params)
    if (state := str(params.get("state"))) in STATES:
        params["state"] = in_language(STATES[state], language)
    if language == "es" and (reason := params.get("reason")):
        params["reason"] = in_spanish(str(reason))
    try:
        return template.format(**params)
    except (KeyError, IndexError, ValueError):
        return template


def in_language(text: Text, language: str) -> str:
    english, spanish = text
    return spanish if language == "es" else english


STATES: Mapping[str, Text] = {
    "pending": ("pending", "pendiente"),
    "queued": ("queued", "en cola"),
    "processing": ("processing", "en proceso"),
    "completed": ("completed", "completado"),
    "failed": ("failed", "fallido"),
    "cancelled": ("cancelled", "cancelado"),
}
TEXTS: Mapping[str, Text] = {
    # -- progress of a job
    "job_pending": ("Receiving the file", "Recibiendo el archivo"),
    "job_queued": ("Waiting for its turn", "Esperando turno"),
    "job_processing": ("Starting", "Iniciando"),
    "job_resting": ("Paused while a more urgent job runs", "En pausa mientras se procesa un trabajo más urgente"),
    "job_completed": ("Transcription completed", "Transcripción completada"),
    "job_failed": ("Transcription failed", "La transcripción falló"),
    "job_cancelled": ("Cancelled", "Cancelado"),
    "cancelling": ("Cancelling", "Cancelando"),
    "reading_audio": ("Reading the audio", "Leyendo el audio"),
    "aligning": ("Finding the times of the words", "Buscando los tiempos de las palabras"),
    # It counts windows; the text is part of the documented API, from which the clients of other programs read it.
    "processing_segment": ("Processing segment {current}/{total}", "Procesando segmento {current}/{total}"),
    "finding_speakers": ("Finding out who speaks: {percent} %", "Averiguando quién habla: {percent} %"),
    "connected": ("Connected", "Conectado exitosamente"),
    **MODEL_TEXTS,
    # -- requests
    "invalid_option": (
        "'{value}' is not a valid value for {field}. Accepted: {accepted}.",
        "'{value}' no es un valor válido para {field}. Se acepta: {accepted}.",
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
        "There is nothing at this address. All routes are listed in /openapi.json.",
        "No hay nada en esta dirección. Todas las rutas están en /openapi.json.",
    ),
    "method_not_allowed": (
        "This address does not accept {method}. All routes are listed in /openapi.json.",
        "Esta dirección no acepta {method}. Todas las rutas están en /openapi.json.",
    ),
    "forbidden_host": (
        "Requests for the host '{host}' are refused. Use localhost, or allow the host with --allowed-hosts.",
        "Se rechazan las solicitudes para el host '{host}'. Use localhost o permita el host con --allowed-hosts.",
    ),
    "forbidden_origin": (
        "Pages from '{origin}' may not use this server. Allow them with --allowed-origins.",
        "Las páginas de '{origin}' no pueden usar este servidor. Permítalas con --allowed-origins.",
    ),
    "unauthorized": (
        "This server requires a valid token: send 'Authorization: Bearer <token>'.",
        "Este servidor requiere un token válido: envíe 'Authorization: Bearer <token>'.",
    ),
    "too_many_attempts": (
        "The token was wrong. Try again in {seconds} seconds.",
        "El token era incorrecto. Inténtelo de nuevo en {seconds} segundos.",
    ),
    "bad_request": ("The request could not be understood.", "No se entendió la solicitud."),
    "invalid_frame": (
        'The message could not be understood: {reason}. Send {{"type": "ping"}} or {{"type": "get_status"}}.',
        'No se entendió el mensaje: {reason}. Envíe {{"type": "ping"}} o {{"type": "get_status"}}.',
    ),
    # -- jobs
    "job_not_found": ("There is no job {job_id}.", "No existe el trabajo {job_id}."),
    "job_already_finished": (
        "The job has already ended ({state}). Use ?remove=true to remove it.",
        "El trabajo ya terminó ({state}). Use ?remove=true para eliminarlo.",
    ),
    "job_not_finished": (
        "The transcript is not finished ({state}). Wait, or ask for the text so far with partial=true.",
        "La transcripción no está terminada ({state}). Espere, o pida el texto hasta ahora con partial=true.",
    ),
    "job_was_cancelled": (
        "The job was cancelled before it was completed. Send the audio again if you need its text.",
        "El trabajo se canceló antes de completarse. Envíe el audio de nuevo si necesita su texto.",
    ),
    "recording_ended": (
        "The recording has ended ({state}). Begin another one.",
        "La grabación ya terminó ({state}). Empiece otra.",
    ),
    "job_not_retryable": (
        "Only a failed or cancelled job can be retried; this one is {state}.",
        "Solo se puede reintentar un trabajo fallido o cancelado; este está {state}.",
    ),
    "transcript_changed": (
        "The transcript was changed elsewhere in the meantime and is now version {version}. Load it again.",
        "La transcripción se modificó entretanto en otro lugar y ahora es la versión {version}. Cárguela de nuevo.",
    ),
    "job_damaged": (
        "The job's file {file} is damaged or missing. Submit the audio again; if only the corrections are damaged, "
        "the original text is still available.",
        "El archivo {file} del trabajo está dañado o falta. Envíe el audio de nuevo; si solo las correcciones están "
        "dañadas, el texto original sigue disponible.",
    ),
    "job_crashed": (
        "localwhisper crashed repeatedly at the same point of this recording, so the job was not started again. The "
        "text so far is kept. The usual cause is too little memory: choose a smaller model or run fewer jobs at once.",
        "localwhisper se cerró varias veces en el mismo punto de esta grabación, así que el trabajo no se reinició. El "
        "texto hasta ahora se conserva. La causa habitual es la falta de memoria: elija un modelo más pequeño o "
        "ejecute menos trabajos a la vez.",
    ),
    "plan_changed": (
        "Part of this text was computed in other number formats, before an interruption: a word may differ from a run "
        "without it. For a uniform text, transcribe it again from the start.",
        "Una parte de este texto se calculó con otros formatos numéricos, antes de una interrupción: alguna palabra "
        "puede variar respecto a una ejecución sin ella. Para un texto uniforme, transcriba de nuevo desde el inicio.",
    ),
    "record_restored": (
        "The job's record was damaged; its transcript was recovered",
        "El registro del trabajo estaba dañado; se recuperó la transcripción",
    ),
    "invalid_transition": (
        "Job {job_id} can't change from {old} to {new}.",
        "El trabajo {job_id} no puede pasar de {old} a {new}.",
    ),
    **AUDIO_TEXTS,
    # -- the machine
    "out_of_memory": (
        "This machine does not have enough memory for the model {model}. "
        "Choose a smaller model or run fewer jobs at once.",
        "Este equipo no tiene memoria suficiente para el modelo {model}. "
        "Elija un modelo más pequeño o ejecute menos trabajos a la vez.",
    ),
    "memory_full": (
        "This machine has too little free memory for that. "
        "Close other programs or wait until jobs have ended, then try again.",
        "Este equipo no tiene suficiente memoria libre para eso. "
        "Cierre otros programas o espere a que terminen los trabajos, e inténtelo de nuevo.",
    ),
    "engine_not_loaded": (
        "The speech engine could not be loaded, usually because memory ran out. "
        "Close other programs, restart localwhisper, then run this job again.",
        "No se pudo cargar el motor de voz, normalmente por falta de memoria. "
        "Cierre otros programas, reinicie localwhisper y repita este trabajo.",
    ),
    "too_few_descriptors": (
        "The system lets localwhisper open only {limit} files at once; it needs {needed}. "
        "Raise the limit, as with ulimit -n 4096, or run fewer jobs at once (MAX_CONCURRENT_JOBS).",
        "El sistema solo permite a localwhisper abrir {limit} archivos a la vez; necesita {needed}. "
        "Aumente el límite, p. ej. con ulimit -n 4096, o ejecute menos trabajos a la vez (MAX_CONCURRENT_JOBS).",
    ),
    "too_many_open_files": (
        "Too many uploads arrive at once. Try again in a moment.",
        "Llegan demasiados archivos a la vez. Inténtelo de nuevo en un momento.",
    ),
    "storage_full": (
        "The disk is full. Free some space and try again.",
        "El disco está lleno. Libere espacio e inténtelo de nuevo.",
    ),
    "storage_unwritable": (
        "{path} can't be written ({reason}). Check the permissions, or choose another folder: "
        "--data-dir, --model-dir or --output-dir.",
        "No se puede escribir en {path} ({reason}). Revise los permisos o elija otra carpeta: "
        "--data-dir, --model-dir u --output-dir.",
    ),
    "data_dir_in_use": (
        "Another localwhisper is using {path}. Stop it, or choose another folder with --data-dir.",
        "Otro localwhisper está usando {path}. Deténgalo o elija otra carpeta con --data-dir.",
    ),
    "port_in_use": (
        "Port {port} on {host} is in use. Stop the program that uses it, or choose another port with --port.",
        "El puerto {port} de {host} está en uso. Detenga el programa que lo usa o elija otro puerto con --port.",
    ),
    "port_forbidden": (
        "The system does not allow this user to listen on port {port} of {host}. Choose another port with --port; "
        "most systems reserve only those below 1024.",
        "El sistema no permite a este usuario escuchar en el puerto {port} de {host}. Elija otro puerto con --port; "
        "la mayoría de los sistemas solo reserva los inferiores a 1024.",
    ),
    "store_too_new": (
        "This data was written by a newer localwhisper (format {found}; this version reads up to {known}). "
        "Upgrade localwhisper.",
        "Estos datos son de un localwhisper más nuevo (formato {found}; esta versión lee hasta {known}). "
        "Actualice localwhisper.",
    ),
    "queue_not_running": (
        "The queue is not running. Start it with POST /queue/restart.",
        "La cola no está en marcha. Iníciela con POST /queue/restart.",
    ),
    "watched_folder_not_found": (
        "There is no watched folder with the id {folder_id}.",
        "No hay ninguna carpeta vigilada con el id {folder_id}.",
    ),
    "local_only": (
        "Folders of this machine can be chosen only on this machine itself, or with the server's token.",
        "Las carpetas de este equipo solo se pueden elegir en el propio equipo, o con el token del servidor.",
    ),
    "term_list_not_found": (
        "There is no list of names and terms called '{name}'.",
        "No hay ninguna lista de nombres y términos llamada '{name}'.",
    ),
    "known_voice_not_found": (
        "There is no known voice with the id {voice_id}.",
        "No hay ninguna voz conocida con el id {voice_id}.",
    ),
    "file_missing": (
        "There is no file or folder {path}.",
        "No existe el archivo o la carpeta {path}.",
    ),
    "no_microphone": (
        "The microphone can't be read: {reason}. Another program can send what it hears to `localwhisper live -`.",
        "No se puede leer el micrófono: {reason}. Otro programa puede enviar lo que oye a `localwhisper live -`.",
    ),
    "not_on_this_system": (
        "This command is not available on {system}. Start localwhisper yourself, or with the system's own tools.",
        "Esta orden no está disponible en {system}. Inicie localwhisper a mano o con las herramientas del sistema.",
    ),
    "output_unwritable": (
        "The output can't be written: {reason}. Finished files are kept. Free space, or send the output elsewhere.",
        "No se puede escribir la salida: {reason}. Lo terminado se conserva. Libere espacio o envíela a otro sitio.",
    ),
    "package_missing": (
        "This command needs one more package: pip install 'localwhisper[{extra}]'",
        "Esta orden necesita un paquete más: pip install 'localwhisper[{extra}]'",
    ),
    "server_not_starting": (
        "The server did not start. Run localwhisper in a terminal to see why, or: localwhisper doctor.",
        "El servidor no arrancó. Ejecute localwhisper en una terminal para ver por qué, o: localwhisper doctor.",
    ),
    **CLUSTER_TEXTS,
    "bad_setting": (
        "{name}: '{value}' is not accepted. Use {accepted}.",
        "{name}: no se acepta '{value}'. Use {accepted}.",
    ),
    "internal_error": (
        "An unexpected error occurred. Its details are in the log under {log_id}.",
        "Se produjo un error inesperado. Los detalles están en el registro, en {log_id}.",
    ),
}
