/** The page's texts in English and Spanish. t() fills in {parameters}. @satisfies {Record<string, [string, string]>} */
export const TEXTS = {
	skip: ["Skip to the transcripts", "Ir a las transcripciones"],
	tagline: ["Speech to text. Nothing leaves this machine.", "De voz a texto. Nada sale de este equipo."],
	part_of_total: ["{part} of {total}", "{part} de {total}"],

	"login.title": ["Enter the server's token", "Introduzca el token del servidor"],
	"login.hint": [
		"It is the value of LOCALWHISPER_TOKEN when the server was started.",
		"Es el valor que tenía LOCALWHISPER_TOKEN al iniciar el servidor.",
	],
	"login.token": ["Token", "Token"],
	"login.submit": ["Sign in", "Entrar"],

	"settings.language": ["Page language", "Idioma de la página"],
	"settings.theme": ["Appearance", "Apariencia"],

	"theme.system": ["System", "Sistema"],
	"theme.light": ["Light", "Clara"],
	"theme.dark": ["Dark", "Oscura"],

	"drop.title": ["Drop a recording here", "Suelte aquí una grabación"],
	"drop.hint": [
		"Or paste it. Audio or video, one file or several, anywhere on the page.",
		"O péguela. Audio o vídeo, un archivo o varios, en cualquier parte de la página.",
	],
	"drop.choose": ["Choose files", "Elegir archivos"],
	"drop.release": ["Drop to transcribe", "Suelte para transcribir"],

	"options.title": ["Transcription settings", "Ajustes de transcripción"],
	"options.auto": ["Detect automatically", "Detectar automáticamente"],

	"model.available": ["ready", "listo"],
	"model.unavailable": ["not downloaded", "sin descargar"],
	"model.downloading": ["downloading", "descargando"],
	"model.demo": [
		"A small model to try things out. It recognises numbers and about fifty everyday words in English and Spanish.",
		"Un modelo pequeño para una primera prueba. Reconoce números y unas cincuenta palabras cotidianas en inglés y español.",
	],
	"model.ready": ["{name} is on this machine ({size}).", "{name} está en este equipo ({size})."],
	"model.missing": [
		"{name} is not on this machine yet. It has to be downloaded once ({size}).",
		"{name} aún no está en este equipo. Se descarga una sola vez ({size}).",
	],
	"model.others": [
		"For other speech, download one of the larger models above.",
		"Para otras grabaciones, descargue uno de los modelos mayores de arriba.",
	],
	"model.download": ["Download {name}", "Descargar {name}"],
	"model.remove": ["Remove {name} from this machine", "Eliminar {name} de este equipo"],
	"model.confirm_remove": ["Remove this model from this machine?", "¿Eliminar este modelo de este equipo?"],
	"model.stop": ["Stop the download", "Detener la descarga"],
	"model.import": ["Import your own model", "Importar un modelo propio"],
	"model.import_hint": [
		"A .pt file from openai-whisper, a ggml-*.bin file from whisper.cpp, or a zip file of a folder from Hugging Face or faster-whisper.",
		"Un archivo .pt de openai-whisper, un archivo ggml-*.bin de whisper.cpp o un archivo zip de una carpeta de Hugging Face o faster-whisper.",
	],
	"model.from_index": [
		"(from the package index: the models' server can't be reached)",
		"(del índice de paquetes: no se llega al servidor de los modelos)",
	],
	"model.origin": ["From the package index: {source}.", "Del índice de paquetes: {source}."],
	"model.quantised": [
		"Its weights were quantised before the import, so they are not exactly the original's.",
		"Sus pesos estaban cuantizados antes de importarlo: no son exactamente los del original.",
	],
	"model.speed": [
		"Measured here: an hour of audio takes about {time}.",
		"Medido aquí: una hora de audio tarda unos {time}.",
	],
	"model.speed_estimate": [
		"Not measured here yet. Estimate: an hour of audio takes about {time}.",
		"Aún sin medir aquí. Estimación: una hora de audio tarda unos {time}.",
	],

	"samples.title": ["No recording at hand?", "¿No tiene una grabación a mano?"],
	"samples.intro": [
		"Try one of these with the small bundled model. No download needed.",
		"Pruebe una de estas con el pequeño modelo incluido, sin descargar nada.",
	],
	"samples.try": ["Try the sample:", "Probar la muestra:"],
	"samples.spoken": ["Spoken text: {text}", "Texto hablado: {text}"],

	"jobs.title": ["Transcripts", "Transcripciones"],
	"jobs.empty": ["No transcripts yet", "Todavía no hay transcripciones"],
	"jobs.empty_hint": [
		"Drop a recording or try a sample. The text appears as it is recognised.",
		"Suelte una grabación o pruebe una muestra. El texto aparece a medida que se reconoce.",
	],
	"jobs.older": ["Show older transcripts", "Mostrar anteriores"],

	"queue.busy": ["{active} running, {waiting} waiting", "{active} en curso, {waiting} en espera"],
	"queue.stopped": ["The queue has stopped", "La cola está parada"],

	"connection.lost": [
		"Reconnecting… Your work is safe, and this page will resume by itself.",
		"Reconectando… Su trabajo está a salvo y esta página continuará por sí sola.",
	],

	"upload.waiting": ["Waiting to upload", "En espera de subida"],
	"upload.sending": ["Uploading: {sent} of {total}", "Subiendo: {sent} de {total}"],
	"upload.fetching": ["Loading the sample", "Cargando la muestra"],
	"upload.checking": ["Uploaded. Checking the file…", "Subido. Comprobando el archivo…"],
	"upload.failed": ["Not accepted", "No se aceptó"],
	"upload.dismiss": ["Dismiss", "Descartar"],
	"upload.list": ["Uploads", "Subidas"],
	"upload.estimate": [
		"{length} of audio, about {time} to transcribe",
		"{length} de audio; transcribirlo tardará unos {time}",
	],

	"status.pending": ["Receiving", "Recibiendo"],
	"status.queued": ["Waiting", "En espera"],
	"status.processing": ["Transcribing", "Transcribiendo"],
	"status.completed": ["Done", "Lista"],
	"status.failed": ["Failed", "Falló"],
	"status.cancelled": ["Cancelled", "Cancelada"],

	"job.position": ["Number {position} in the queue", "Número {position} en la cola"],
	"job.ready_in": ["done in about {time}", "lista en unos {time}"],
	"job.remaining": ["about {time} left", "quedan unos {time}"],
	"job.took": ["transcribed in {time}", "transcrita en {time}"],
	"job.progress": ["Progress of {name}", "Progreso de {name}"],
	"job.text": ["Transcript of {name}", "Transcripción de {name}"],
	"job.no_speech": ["No speech was found in this recording.", "No se encontró voz en esta grabación."],
	"job.play_from": ["Play from {time}", "Reproducir desde {time}"],
	"job.copy": ["Copy text", "Copiar texto"],
	"job.copied": ["Copied", "Copiado"],
	"job.save": ["Save as", "Guardar como"],
	"job.cancel": ["Cancel", "Cancelar"],
	"job.retry": ["Try again", "Reintentar"],
	"job.retry_other": ["Try with current settings", "Probar con los ajustes actuales"],
	"job.remove": ["Remove", "Eliminar"],
	"job.removed": ["{name} was removed.", "{name} se eliminó."],
	"job.open": ["Read and listen", "Leer y escuchar"],
	"job.action_label": ["{action}: {name}", "{action}: {name}"],

	"announce.received": ["{name} was received.", "{name} se recibió."],
	"announce.upload_failed": ["{name} was not accepted.", "{name} no se aceptó."],
	"announce.completed": ["{name}: the transcript is ready.", "{name}: la transcripción está lista."],
	"announce.failed": ["{name}: the transcription failed.", "{name}: la transcripción falló."],

	"error.unreachable": [
		"The server is not responding. Try again when it is back.",
		"El servidor no responde. Inténtelo de nuevo cuando vuelva.",
	],

	"record.start": ["Record", "Grabar"],
	"record.stop": ["Stop", "Detener"],
	"record.pause": ["Pause", "Pausar"],
	"record.resume": ["Resume", "Reanudar"],
	"record.listen": ["Your recording", "Su grabación"],
	"record.submit": ["Transcribe it", "Transcribirla"],
	"record.discard": ["Discard", "Descartar"],
	"record.name": ["Recording {when}", "Grabación {when}"],
	"record.refused": [
		"The microphone is not available. Connect one and allow this page to use it.",
		"El micrófono no está disponible. Conecte uno y permita que esta página lo use.",
	],
	"record.insecure": [
		"Browsers allow the microphone only on localhost and https pages.",
		"Los navegadores solo permiten el micrófono en páginas de localhost o https.",
	],

	"filter.search": ["Search names and transcripts", "Buscar en nombres y transcripciones"],
	"filter.status": ["Show", "Mostrar"],
	"filter.all": ["All", "Todas"],
	"filter.none": ["No matches.", "Sin resultados."],

	"notify.offer": [
		"This will take a while. Would you like a notification when it is done?",
		"Esto tardará un poco. ¿Quiere recibir un aviso al terminar?",
	],
	"notify.accept": ["Notify me", "Avisarme"],

	"editor.close": ["All transcripts", "Todas las transcripciones"],
	"editor.transcript": ["Transcript", "Transcripción"],
	"editor.player": ["Player", "Reproductor"],
	"editor.play": ["Play", "Reproducir"],
	"editor.pause": ["Pause", "Pausar"],
	"editor.skip_back": ["Back 5 seconds", "Retroceder 5 segundos"],
	"editor.skip_forward": ["Forward 5 seconds", "Avanzar 5 segundos"],
	"editor.speed": ["Speed", "Velocidad"],
	"editor.position": ["Position in the recording", "Posición en la grabación"],
	"editor.unplayable": [
		"This browser can't play this recording. The text is complete nevertheless.",
		"Este navegador no puede reproducir esta grabación. El texto está completo de todos modos.",
	],
	"editor.unsure": ["Uncertain words", "Palabras dudosas"],
	"editor.find": ["Find in transcript", "Buscar en la transcripción"],
	"editor.previous": ["Previous", "Anterior"],
	"editor.next": ["Next", "Siguiente"],
	"editor.copy": ["Copy", "Copiar"],
	"editor.copy_text": ["text", "texto"],
	"editor.copy_times": ["with times", "con tiempos"],

	"edit.correct": ["Correct", "Corregir"],
	"edit.tools": ["Edit this line", "Editar esta línea"],
	"edit.line": ["Text at {time}", "Texto en {time}"],
	"edit.start": ["Set start", "Fijar inicio"],
	"edit.end": ["Set end", "Fijar fin"],
	"edit.split": ["Split", "Dividir"],
	"edit.merge": ["Join with next", "Unir con la siguiente"],
	"edit.undo": ["Undo", "Deshacer"],
	"edit.redo": ["Redo", "Rehacer"],
	"edit.restore_original": ["Restore original", "Restaurar el original"],
	"edit.saved": ["Corrections saved", "Correcciones guardadas"],
	"edit.unsaved": ["Not saved yet", "Aún sin guardar"],
	"edit.saving": ["Saving…", "Guardando…"],
	"edit.failed": [
		"Not saved: the server is not responding. Saving will be tried again.",
		"Sin guardar: el servidor no responde. Se intentará de nuevo.",
	],

	"time.start_too_early": [
		"The line can't start at {time}: the one before it starts at that time or later. The earliest start is {min}.",
		"La línea no puede empezar en {time}: la anterior empieza entonces o más tarde. El primer inicio posible es {min}.",
	],
	"time.start_too_late": [
		"The line can't start at {time}, after its own end. The latest start is {max}.",
		"La línea no puede empezar en {time}, después de su propio fin. El último inicio posible es {max}.",
	],
	"time.end_too_early": [
		"The line can't end at {time}, before its own start. The earliest end is {min}.",
		"La línea no puede terminar en {time}, antes de su propio inicio. El primer fin posible es {min}.",
	],
	"time.end_too_late": [
		"The line can't end at {time}: the next one ends at that time or earlier. The latest end is {max}.",
		"La línea no puede terminar en {time}: la siguiente termina entonces o antes. El último fin posible es {max}.",
	],

	"conflict.title": ["This transcript was also changed elsewhere", "Esta transcripción también se cambió en otro lugar"],
	"conflict.hint": [
		"Choose one of the two versions. Undo brings the other one back.",
		"Elija una de las dos versiones. Con deshacer vuelve la otra.",
	],
	"conflict.theirs": ["Elsewhere", "En otro lugar"],
	"conflict.mine": ["Here", "Aquí"],
	"conflict.use_theirs": ["Use the other", "Usar la otra"],
	"conflict.use_mine": ["Keep mine", "Conservar la mía"],

	"help.title": ["Keyboard shortcuts", "Atajos de teclado"],
	"help.close": ["Close", "Cerrar"],
	"help.help": ["Show this help", "Mostrar esta ayuda"],
	"help.play": ["Play or pause", "Reproducir o pausar"],
	"help.slower": ["Slower", "Más lento"],
	"help.faster": ["Faster", "Más rápido"],
};
