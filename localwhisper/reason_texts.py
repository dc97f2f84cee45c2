"""Why something went wrong, as a part of an error's text: in Spanish, by the English words that are stored."""

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    # -- recordings
    "it is empty": "está vacío",
    "no audio could be decoded": "no se pudo decodificar ningún audio",
    "Invalid data found when processing input": "sus datos no son de un formato conocido, o están dañados",
    # -- files and folders
    "it can't be written": "no se puede escribir",
    "it is missing": "no existe",
    "it is a symbolic link": "es un enlace simbólico",
    "the disk doesn't answer": "el disco no responde",
    "permission denied": "permiso denegado",
    "Permission denied": "permiso denegado",
    "No space left on device": "no queda espacio en el disco",
    "Read-only file system": "el sistema de archivos es de solo lectura",
    "No such file or directory": "no existe",
    # -- models
    "the file is empty": "el archivo está vacío",
    "it is truncated": "está incompleto",
    "its file was removed meanwhile": "su archivo se eliminó entretanto",
    "another program changed its file while it was in use": "otro programa cambió su archivo mientras se usaba",
    "torch.save didn't write it": "no lo escribió torch.save",
    "the model was removed meanwhile": "el modelo se eliminó entretanto",
    "the file that was sent is not the published one": "el archivo recibido no es el publicado",
    "the package index sent another file than the known one": "el índice de paquetes envió otro archivo",
    "the packages don't contain the model that they should": "los paquetes no contienen el modelo que deberían",
    # -- requests and messages of a socket
    '"options" must be an object': '"options" ha de ser un objeto',
    "a part has no name": "una parte no tiene nombre",
    "a session that has audio can't be changed": "una sesión con audio no se puede cambiar",
    "a text in it has half of a surrogate pair": "un texto tiene medio par sustituto",
    "it doesn't have whole samples": "no tiene muestras enteras",
    "it ends in the middle of a part": "termina en medio de una parte",
    "it has no number of 8 bytes": "no tiene un número de 8 bytes",
    "it has no session": "no tiene sesión",
    "it is binary": "es binario",
    "it is not JSON": "no es JSON",
    "it is not an object": "no es un objeto",
    'it must be JSON like {"token": "…"}': 'ha de ser JSON como {"token": "…"}',
    "it must be a JSON object": "ha de ser un objeto JSON",
    "it must be multipart/form-data with a boundary": "ha de ser multipart/form-data con un límite (boundary)",
    'it needs the text "terms"': 'necesita el texto "terms"',
    'it needs the texts "job_id" and "speaker"': 'necesita los textos "job_id" y "speaker"',
    "its fields are not UTF-8": "sus campos no son UTF-8",
    "its job_id is not a string": "su job_id no es un texto",
    "its type is unknown": "su tipo no se conoce",
    "there is no audio to commit": "no hay audio que confirmar",
    "there was a start already": "ya hubo un inicio",
    "there was no start": "no hubo inicio",
}


def in_spanish(reason: str) -> str:
    """A reason that isn't ours, such as a line of another program, stays as it is, and says so."""
    return REASONS.get(reason) or f"detalle técnico: «{reason}»"
