"""What a window's text is expected to contain: tokens before those of the text before it."""

from collections.abc import Sequence

from whisper.tokenizer import Tokenizer

from localwhisper.jobs.terms import parse
from localwhisper.options import Options


def prompt_tokens(tokenizer: Tokenizer, text: str | None) -> tuple[int, ...]:
    return tuple(tokenizer.encode(" " + text.strip())) if text else ()


def window_prefix(tokenizer: Tokenizer, options: Options, n_tokens: int) -> tuple[int, ...]:
    """Return what every window gets, at most `n_tokens`: hotwords and terms in a half of them, and a carried prompt."""
    hotwords = prompt_tokens(tokenizer, options.hotwords)[: n_tokens // 2]
    terms = _term_tokens(tokenizer, parse(options.terms).expected, n_tokens // 2 - len(hotwords))
    carried = prompt_tokens(tokenizer, options.initial_prompt) if options.carry_initial_prompt else ()
    return (*hotwords, *terms, *last(carried, n_tokens - len(hotwords) - len(terms)))


def _term_tokens(tokenizer: Tokenizer, terms: Sequence[str], limit: int) -> list[int]:
    """Return the tokens of as many terms as have room, in their order."""
    tokens: list[int] = []
    for term in terms:
        more = tokenizer.encode(f", {term}" if tokens else f" {term}")
        if len(tokens) + len(more) <= limit:
            tokens += more
    return tokens


def last(tokens: Sequence[int], n: int) -> Sequence[int]:
    return tokens[-n:] if n > 0 else ()
