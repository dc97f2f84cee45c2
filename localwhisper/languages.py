"""The languages that Whisper knows: their codes and English names, from openai-whisper's tokenizer.

Uses: the assignments of `LANGUAGES` and `TO_LANGUAGE_CODE` in whisper/tokenizer.py; both are public names.
"""

import ast
import re
from collections.abc import Mapping
from functools import lru_cache

from localwhisper.whisper_source import whisper_constant


@lru_cache
def languages() -> Mapping[str, str]:
    """The English name of each code, in whisper's order."""
    table: dict[str, str] = ast.literal_eval(whisper_constant("tokenizer.py", "LANGUAGES"))
    return table


@lru_cache
def _codes() -> Mapping[str, str]:
    """The code of each English name and of whisper's aliases, such as castilian."""
    expression = whisper_constant("tokenizer.py", "TO_LANGUAGE_CODE")
    assert isinstance(expression, ast.Dict)
    aliases = {
        ast.literal_eval(key): ast.literal_eval(value)
        for key, value in zip(expression.keys, expression.values, strict=True)
        if key is not None
    }
    return {**{name: code for code, name in languages().items()}, **aliases}


# ISO 639-2, as media files name languages, to whisper's codes; some languages have two of them
_FILE_CODES = (
    "afr:af alb:sq amh:am ara:ar arm:hy asm:as aze:az bak:ba baq:eu bel:be ben:bn bod:bo bos:bs bre:br bul:bg "
    "bur:my cat:ca ces:cs chi:zh cym:cy cze:cs dan:da deu:de dut:nl ell:el eng:en est:et eus:eu fao:fo fas:fa "
    "fil:tl fin:fi fra:fr fre:fr geo:ka ger:de glg:gl gre:el guj:gu hat:ht hau:ha haw:haw heb:he hin:hi hrv:hr "
    "hun:hu hye:hy ice:is ind:id isl:is ita:it jav:jw jpn:ja kan:kn kat:ka kaz:kk khm:km kor:ko lao:lo lat:la "
    "lav:lv lin:ln lit:lt ltz:lb mac:mk mal:ml mao:mi mar:mr may:ms mkd:mk mlg:mg mlt:mt mon:mn mri:mi msa:ms "
    "mya:my nep:ne nld:nl nno:nn nob:no nor:no oci:oc pan:pa per:fa pol:pl por:pt pus:ps ron:ro rum:ro rus:ru "
    "san:sa sin:si slk:sk slo:sk slv:sl sna:sn snd:sd som:so spa:es sqi:sq srp:sr sun:su swa:sw swe:sv tam:ta "
    "tat:tt tel:te tgk:tg tgl:tl tha:th tib:bo tuk:tk tur:tr ukr:uk urd:ur uzb:uz vie:vi wel:cy yid:yi yor:yo "
    "yue:yue zho:zh"
)


# other codes of the same language: outdated ones, and those of ISO 639-1 and 639-3 that whisper doesn't use
_OTHER_CODES = (
    "nb:no iw:he in:id ji:yi jv:jw mo:ro tgl:tl cmn:zh arb:ar pes:fa prs:fa zsm:ms lvs:lv ekk:et swh:sw khk:mn uzn:uz "
    "npi:ne als:sq azj:az plt:mg ydd:yi pnb:pa gsw:de hbs:sr sh:sr scr:hr scc:sr"
)
UNDETERMINED = frozenset({"auto", "und", "mul", "mis", "zxx"})  # "the language isn't known" in ISO 639-2


@lru_cache
def _other_codes() -> Mapping[str, str]:
    pairs = (pair.split(":") for pair in f"{_FILE_CODES} {_OTHER_CODES}".split())
    return {code: whisper_code for code, whisper_code in pairs if whisper_code in languages()}


def whisper_code(file_code: str) -> str:
    """Whisper's code of a language in a media file, which is usually an ISO 639-2 code; itself if it isn't known."""
    return _other_codes().get(file_code.lower(), file_code.lower())


def language_code(text: str) -> str:
    """Whisper's code of a code, a locale such as pt-BR, or an English name, in any case. Raises ValueError."""
    word = text.strip().lower()
    names = _codes()
    for candidate in (word, re.split("[-_]", word, maxsplit=1)[0]):
        if candidate in languages():
            return candidate
        code = names.get(candidate) or _other_codes().get(candidate)
        if code is not None:
            return code
    raise ValueError(text)
