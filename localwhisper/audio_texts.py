"""The texts about recordings in English and Spanish; messages.py has all others."""

from collections.abc import Mapping

AUDIO_TEXTS: Mapping[str, tuple[str, str]] = {
    # -- errors
    "ffmpeg_missing": (
        "ffmpeg was not found. Install it (apt install ffmpeg, brew install ffmpeg), or: pip install imageio-ffmpeg.",
        "No se encontró ffmpeg. Instálelo (apt install ffmpeg, brew install ffmpeg) o: pip install imageio-ffmpeg.",
    ),
    "audio_unreadable": (
        "This file can't be read as audio or video ({reason}). Check that it plays, or convert it to wav or mp3.",
        "Este archivo no se puede leer como audio o vídeo ({reason}). "
        "Compruebe que se reproduce o conviértalo a wav o mp3.",
    ),
    "no_audio_track": (
        "This file has no audio track. Choose one with sound.",
        "Este archivo no tiene pista de audio. Elija uno con sonido.",
    ),
    "audio_track_not_found": (
        "This file has no audio track '{track}'. It has: {accepted}.",
        "Este archivo no tiene la pista de audio '{track}'. Tiene: {accepted}.",
    ),
    "audio_too_long": (
        "The audio is longer than the limit of {limit_s} seconds. Split it, or raise MAX_AUDIO_SECONDS.",
        "El audio supera el límite de {limit_s} segundos. Divídalo o aumente MAX_AUDIO_SECONDS.",
    ),
    "audio_timeout": (
        "Reading the audio took longer than {timeout_s} seconds and was stopped. "
        "Convert the file to wav and try again.",
        "La lectura del audio tardó más de {timeout_s} segundos y se detuvo. "
        "Convierta el archivo a wav e inténtelo de nuevo.",
    ),
    "audio_interrupted": (
        "Reading the audio stopped early: ffmpeg ended with status {status} after {done_s} seconds of the recording. "
        "Try again; if that fails, convert the file to wav.",
        "La lectura del audio se interrumpió: ffmpeg terminó con el estado {status} tras {done_s} segundos de la "
        "grabación. Inténtelo de nuevo; si vuelve a fallar, convierta el archivo a wav.",
    ),
    "dictation_unsupported": (
        "ffmpeg can't decode this dictation: it is a DS2 or encrypted DSS file. "
        "Export it as wav or mp3 with the recorder's software.",
        "ffmpeg no puede decodificar este dictado: es un archivo DS2 o DSS cifrado. "
        "Expórtelo como wav o mp3 con el programa de la grabadora.",
    ),
    # -- warnings, of a completed job
    "audio_track_used": (
        "The file has {tracks} audio tracks; track {track} was transcribed. Another can be chosen in "
        "the transcript's menu (in the API: audio_track).",
        "El archivo tiene {tracks} pistas de audio; se transcribió la {track}. Se puede elegir otra en el menú de la "
        "transcripción (en la API: audio_track).",
    ),
    "silent_tracks_skipped": (
        "Of the file's {tracks} audio tracks, track {track} was transcribed: those before it are silent.",
        "De las {tracks} pistas de audio del archivo se transcribió la {track}: las anteriores están en silencio.",
    ),
    "other_tracks_unheard": (
        "No speech was found in audio track {track}, but the file has {tracks}. Another can be chosen in "
        "the transcript's menu (in the API: audio_track).",
        "No se encontró voz en la pista de audio {track}, pero el archivo tiene {tracks}. Se puede elegir otra en el "
        "menú de la transcripción (en la API: audio_track).",
    ),
    "channel_inverted": (
        "The two channels cancel each other out, as one is inverted: only channel {channel} was transcribed.",
        "Los dos canales se anulan entre sí, pues uno está invertido: solo se transcribió el canal {channel}.",
    ),
    "channel_one_sided": (
        "Only channel {channel} of the two has sound: it was transcribed alone.",
        "Solo el canal {channel} de los dos tiene sonido: se transcribió únicamente ese.",
    ),
    "audio_cut_short": (
        "The recording is cut short: it should last {stated_s} seconds, but only {read_s} could be read.",
        "La grabación está incompleta: debería durar {stated_s} segundos, pero solo se pudieron leer {read_s}.",
    ),
    "audio_ends_early": (
        "The file is cut off: what follows {read_s} seconds could not be read.",
        "El archivo está cortado: no se pudo leer lo que sigue a los {read_s} segundos.",
    ),
}
