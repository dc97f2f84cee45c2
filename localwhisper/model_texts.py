"""The texts about models in English and Spanish; messages.py has all others."""

from collections.abc import Mapping

MODEL_TEXTS: Mapping[str, tuple[str, str]] = {
    # -- progress of a job
    "loading_model": ("Loading model {model}", "Cargando el modelo {model}"),
    "downloading_model": ("Downloading model {model}: {percent}%", "Descargando el modelo {model}: {percent} %"),
    "downloading_from_index": (
        "The models' server can't be reached. Downloading model {model} from the package index: {percent}%",
        "No se llega al servidor de los modelos. Descargando el modelo {model} del índice de paquetes: {percent} %",
    ),
    # -- why a job has its model
    "model_named": ("chosen for this job", "elegido para este trabajo"),
    "model_default": ("the default model", "el modelo por defecto"),
    "model_best_here": (
        "the best on this machine; {default} is not here and could not be downloaded ({reason})",
        "el mejor de este equipo; {default} no está aquí y no se pudo descargar ({reason})",
    ),
    "model_fetched": (
        "there was none on this machine, and {default} could not be downloaded ({reason})",
        "no había ninguno en este equipo, y {default} no se pudo descargar ({reason})",
    ),
    "model_english_only": (
        "the only one on this machine, for English alone; {default} could not be downloaded ({reason})",
        "el único de este equipo, solo para inglés; {default} no se pudo descargar ({reason})",
    ),
    # -- errors and descriptions
    "model_not_found": (
        "There is no model '{model}'. Known models: {accepted}.",
        "No existe el modelo '{model}'. Modelos conocidos: {accepted}.",
    ),
    "model_download_failed": (
        "The model {model} is not on this machine and could not be downloaded ({reason}). "
        "Check the connection and try again, or choose a model that is here.",
        "El modelo {model} no está en este equipo y no se pudo descargar ({reason}). "
        "Revise la conexión e inténtelo de nuevo, o elija un modelo que esté aquí.",
    ),
    "no_model": (
        "There is no model for speech on this machine, and {model} could not be downloaded ({reason}). "
        "Run: localwhisper models download base",
        "No hay ningún modelo de voz en este equipo, y {model} no se pudo descargar ({reason}). "
        "Ejecute: localwhisper models download base",
    ),
    "model_corrupt": (
        "The checkpoint of {model} can't be used ({reason}). Remove it and download it again.",
        "El archivo del modelo {model} no se puede usar ({reason}). Elimínelo y descárguelo de nuevo.",
    ),
    "checkpoint_unusable": (
        "This can't be used as the model {model} ({reason}). "
        "A model is a .pt file of openai-whisper, a ggml-*.bin file of whisper.cpp, or a folder of Hugging Face or "
        "faster-whisper, which can be in a zip file.",
        "Esto no se puede usar como modelo {model} ({reason}). "
        "Un modelo es un archivo .pt de openai-whisper, un archivo ggml-*.bin de whisper.cpp o una carpeta de Hugging "
        "Face o faster-whisper, que puede estar en un archivo zip.",
    ),
    "published_name": (
        "{model} is the name of a published model, and this file is not the published one. "
        "Import it under another name, or confirm that it is to be {model}: --as-published, or as_published=true.",
        "{model} es el nombre de un modelo publicado, y este archivo no es el publicado. "
        "Impórtelo con otro nombre o confirme que ha de ser {model}: --as-published o as_published=true.",
    ),
    "model_bundled": (
        "The model {model} is part of the program and can't be removed or replaced.",
        "El modelo {model} forma parte del programa y no se puede eliminar ni reemplazar.",
    ),
    "model_cannot_translate": (
        "The model {model} can't translate. Choose a multilingual model such as medium.",
        "El modelo {model} no puede traducir. Elija un modelo multilingüe como medium.",
    ),
    "demo_description": (
        "Included, for a first try: understands spoken numbers and some fifty everyday words in English and Spanish",
        "Incluido, para probar: entiende números hablados y unas cincuenta palabras cotidianas en inglés y español",
    ),
}
