"""For each option a value other than its default, as text and as data, so that tests of all options need no list."""

from localwhisper.option_types import Option
from localwhisper.options import OPTIONS


def another(option: Option) -> tuple[str, object]:
    match option.kind:
        case "boolean":
            return str(not option.default), not option.default
        case "choice":
            choice = next(choice for choice in option.choices if choice != option.default)
            return choice, choice
        case "integer":
            return str(option.maximum), option.maximum
        case "number":
            assert option.maximum is not None
            return str(option.maximum / 2), option.maximum / 2
    examples = {"suppress_tokens": "-1,220", "clip_timestamps": "0,5.5"}
    if option.name in examples:
        return examples[option.name], examples[option.name]
    text = {"language": "es", "model": "medium", "track": "1"}.get(option.kind, 'Ångström --> \\ "')
    return text, text


OTHER_TEXTS = {name: another(option)[0] for name, option in OPTIONS.items()}
OTHER_VALUES = {name: another(option)[1] for name, option in OPTIONS.items()}
