/** The page's words: English, Spanish. {parameters} are filled in by t(). @satisfies {Record<string, [string, string]>} */
export const TEXTS = {
	skip: ["Skip to the transcripts", "Ir a las transcripciones"],
	tagline: ["Speech to text. Nothing leaves this machine.", "De voz a texto. Nada sale de este equipo."],

	"login.title": ["This server asks for its token", "Este servidor pide su token"],
	"login.hint": [
		"It is what LOCALWHISPER_TOKEN was set to when the server was started.",
		"Es lo que se puso en LOCALWHISPER_TOKEN al iniciar el servidor.",
	],
	"login.token": ["Token", "Token"],
	"login.enter": ["Enter", "Entrar"],

	"settings.language": ["Language of this page", "Idioma de esta página"],
	"settings.theme": ["Appearance", "Apariencia"],

	"theme.system": ["System", "Sistema"],
	"theme.light": ["Light", "Clara"],
	"theme.dark": ["Dark", "Oscura"],

	"drop.title": ["Drop a recording here", "Suelte aquí una grabación"],
	"drop.hint": [
		"Or paste it. Audio or video, one file or many, anywhere on the page.",
		"O péguela. Audio o vídeo, un archivo o varios, en cualquier parte de la página.",
	],
	"drop.choose": ["Choose files", "Elegir archivos"],
	"drop.release": ["Let go to transcribe", "Suelte para transcribir"],

	"options.title": ["How to transcribe", "Cómo transcribir"],
	"options.auto": ["Detect automatically", "Detectar automáticamente"],

	"model.here": ["ready", "listo"],
	"model.away": ["not here yet", "aún no está"],
	"model.coming": ["downloading", "descargando"],
	"model.demo": [
		"A small model for a first try. It understands spoken numbers and some fifty everyday words in English and Spanish.",
		"Un modelo pequeño para una primera prueba. Entiende números hablados y unas cincuenta palabras cotidianas en inglés y español.",
	],
	"model.ready": ["{name} is on this machine ({size}).", "{name} está en este equipo ({size})."],
	"model.missing": [
		"{name} is not on this machine yet. It is a download of {size}, needed once.",
		"{name} aún no está en este equipo. Se descarga una sola vez ({size}).",
	],
	"model.only_demo": [
		"For other speech, download one of the larger models above.",
		"Para otras grabaciones, descargue uno de los modelos mayores de arriba.",
	],
	"model.download": ["Download {name}", "Descargar {name}"],
	"model.remove": ["Remove {name} from this machine", "Eliminar {name} de este equipo"],
	"model.stop": ["Stop the download", "Detener la descarga"],
	"model.import": ["Use a model of your own", "Usar un modelo propio"],
	"model.import_hint": ["A .pt file of openai-whisper.", "Un archivo .pt de openai-whisper."],
	"model.speed": [
		"Measured here: an hour of audio takes about {time}.",
		"Medido aquí: una hora de audio tarda unos {time}.",
	],
	"model.speed_guess": [
		"Not measured here yet. Likely: an hour of audio takes about {time}.",
		"Aún sin medir aquí. Probablemente: una hora de audio tarda unos {time}.",
	],

	"samples.title": ["No recording at hand?", "¿No tiene una grabación a mano?"],
	"samples.intro": [
		"Try one with the small bundled model: at once, without a download.",
		"Pruebe una con el pequeño modelo incluido: al momento, sin descargas.",
	],
	"samples.try": ["Try the sample:", "Probar la muestra:"],
	"samples.spoken": ["Said: {text}", "Dice: {text}"],

	"jobs.title": ["Transcripts", "Transcripciones"],
	"jobs.empty": ["Nothing here yet", "Todavía no hay nada"],
	"jobs.empty_hint": [
		"Drop a recording or try a sample: the text appears while it is being recognised.",
		"Suelte una grabación o pruebe una muestra: el texto aparece a medida que se reconoce.",
	],
	"jobs.older": ["Show older ones", "Mostrar anteriores"],

	"queue.busy": ["{active} running, {waiting} waiting", "{active} en curso, {waiting} en espera"],
	"queue.stopped": ["The queue has stopped", "La cola está parada"],

	"connection.lost": [
		"Reconnecting… Your work is safe; this page goes on by itself.",
		"Reconectando… Su trabajo está a salvo; esta página sigue por sí sola.",
	],

	"upload.waiting": ["Waiting to be sent", "En espera de envío"],
	"upload.sending": ["Sending: {sent} of {total}", "Enviando: {sent} de {total}"],
	"upload.fetching": ["Opening the sample", "Abriendo la muestra"],
	"upload.checking": ["Sent. The server is looking at it", "Enviado. El servidor lo está revisando"],
	"upload.failed": ["Not accepted", "No se aceptó"],
	"upload.dismiss": ["Dismiss", "Descartar"],
	"upload.list": ["Files being sent", "Archivos en envío"],
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

	"job.position": ["Number {position} in line", "Número {position} en la cola"],
	"job.starts": ["done in about {time}", "lista en unos {time}"],
	"job.left": ["about {time} left", "quedan unos {time}"],
	"job.took": ["transcribed in {time}", "transcrita en {time}"],
	"job.progress": ["Progress of {name}", "Progreso de {name}"],
	"job.text": ["Transcript of {name}", "Transcripción de {name}"],
	"job.notext": ["No speech was found in this recording.", "No se encontró voz en esta grabación."],
	"job.play_from": ["Play from {time}", "Reproducir desde {time}"],
	"job.copy": ["Copy text", "Copiar texto"],
	"job.copied": ["Copied", "Copiado"],
	"job.save": ["Save as", "Guardar como"],
	"job.cancel": ["Cancel", "Cancelar"],
	"job.retry": ["Try again", "Reintentar"],
	"job.remove": ["Remove", "Eliminar"],
	"job.really": ["Really remove?", "¿Eliminar de verdad?"],
	"job.of": ["{action}: {name}", "{action}: {name}"],
	"job.open": ["Read and listen", "Leer y escuchar"],
	"job.retry_other": ["Try with the chosen settings", "Probar con los ajustes elegidos"],
	"job.removed": ["{name} was removed.", "{name} se eliminó."],

	"said.completed": ["{name}: the transcript is ready.", "{name}: la transcripción está lista."],
	"said.failed": ["{name}: the transcription failed.", "{name}: la transcripción falló."],
	"said.upload_failed": ["{name} was not accepted.", "{name} no se aceptó."],
	"said.received": ["{name} was received.", "{name} se recibió."],

	"error.unreachable": [
		"The server doesn't answer. Try again when it is back.",
		"El servidor no responde. Inténtelo de nuevo cuando vuelva.",
	],

	"record.start": ["Record", "Grabar"],
	"record.stop": ["Stop", "Detener"],
	"record.resume": ["Go on", "Seguir"],
	"record.listen": ["Your recording", "Su grabación"],
	"record.send": ["Transcribe it", "Transcribirla"],
	"record.discard": ["Discard", "Descartar"],
	"record.name": ["Recording {when}", "Grabación {when}"],
	"record.refused": [
		"The microphone can't be used. Allow it for this page in the browser, or connect one.",
		"No se puede usar el micrófono. Permítalo para esta página en el navegador o conecte uno.",
	],
	"record.insecure": [
		"The browser gives the microphone only to localhost or https pages.",
		"El navegador solo da el micrófono a páginas de localhost o https.",
	],

	"filter.search": ["Search names and texts", "Buscar en nombres y textos"],
	"filter.state": ["Show", "Mostrar"],
	"filter.all": ["All", "Todas"],
	"filter.none": ["Nothing matches.", "Nada coincide."],

	"notify.offer": [
		"This takes a while. Shall the browser tell you when it is done?",
		"Esto tarda un poco. ¿Quiere que el navegador le avise al terminar?",
	],
	"notify.yes": ["Tell me", "Avisarme"],

	"desk.close": ["All transcripts", "Todas las transcripciones"],
	"desk.text": ["Transcript", "Transcripción"],
	"desk.player": ["Player", "Reproductor"],
	"desk.play": ["Play", "Reproducir"],
	"desk.pause": ["Pause", "Pausar"],
	"desk.back5": ["Back 5 seconds", "Retroceder 5 segundos"],
	"desk.ahead5": ["Ahead 5 seconds", "Avanzar 5 segundos"],
	"desk.speed": ["Speed", "Velocidad"],
	"desk.position": ["Position in the recording", "Posición en la grabación"],
	"desk.at": ["{at} of {all}", "{at} de {all}"],
	"desk.unplayable": [
		"This browser can't play this recording. The text is complete all the same.",
		"Este navegador no puede reproducir esta grabación. El texto está completo de todos modos.",
	],
	"desk.unsure": ["Unsure words", "Palabras dudosas"],
	"desk.find": ["Find in this text", "Buscar en este texto"],
	"desk.previous": ["Previous", "Anterior"],
	"desk.next": ["Next", "Siguiente"],
	"desk.copy": ["Copy", "Copiar"],
	"desk.copy_text": ["text", "texto"],
	"desk.copy_times": ["with times", "con tiempos"],

	"edit.correct": ["Correct", "Corregir"],
	"edit.tools": ["Change this line", "Cambiar esta línea"],
	"edit.line": ["Text at {time}", "Texto en {time}"],
	"edit.start": ["Starts now", "Empieza aquí"],
	"edit.end": ["Ends now", "Termina aquí"],
	"edit.split": ["Split", "Dividir"],
	"edit.merge": ["Join with next", "Unir con la siguiente"],
	"edit.undo": ["Undo", "Deshacer"],
	"edit.redo": ["Redo", "Rehacer"],
	"edit.restore": ["Back to the machine's text", "Volver al texto de la máquina"],
	"edit.saved": ["Corrected and saved", "Corregida y guardada"],
	"edit.unsaved": ["Not saved yet", "Aún sin guardar"],
	"edit.saving": ["Saving…", "Guardando…"],
	"edit.failed": [
		"Not saved: the server doesn't answer. It is tried again.",
		"Sin guardar: el servidor no responde. Se intentará de nuevo.",
	],

	"conflict.title": ["This text was changed elsewhere too", "Este texto también se cambió en otro lugar"],
	"conflict.hint": [
		"Both versions are shown. Choose one; the other stays one undo away.",
		"Se muestran ambas versiones. Elija una; la otra queda a un paso de deshacer.",
	],
	"conflict.theirs": ["There", "Allí"],
	"conflict.mine": ["Here", "Aquí"],
	"conflict.take": ["Take the other", "Tomar la otra"],
	"conflict.keep": ["Keep mine", "Conservar la mía"],

	"help.title": ["Keyboard", "Teclado"],
	"help.close": ["Close", "Cerrar"],
	"help.help": ["This help", "Esta ayuda"],
	"help.play": ["Play or pause", "Reproducir o pausar"],
	"help.slower": ["Slower", "Más lento"],
	"help.faster": ["Faster", "Más rápido"],
};
