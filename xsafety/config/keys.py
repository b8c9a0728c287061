"""Which environment variables hold the keys that the configuration names, and which of them are not set."""

from collections.abc import Mapping

from .models import LexiconJudge, OpenAI, Transformers
from .translation import Translation

Asked = OpenAI | Transformers | LexiconJudge | Translation


def key_variables(block: Asked) -> list[str]:
    """The environment variables that asking a model, a judge or a translator needs: of its key and secret headers."""
    if isinstance(block, Translation) and block.openai:
        return key_variables(block.openai)
    if isinstance(block, OpenAI | Translation):
        headers = block.headers_env.values() if isinstance(block, OpenAI) else ()
        return [name for name in (block.key_variable, *headers) if name]
    return []


def missing_keys(blocks: Mapping[str, Asked], environment: Mapping[str, str]) -> list[str]:
    """One problem for each variable that a block (by its place in the configuration, "models.gpt") needs and lacks."""
    return [
        f"{place}{_inside(block)}: the environment variable {name} is not set; run: export {name}=..."
        for place, block in blocks.items()
        for name in key_variables(block)
        if not environment.get(name)
    ]


def _inside(block: Asked) -> str:
    return ".openai" if isinstance(block, Translation) and block.openai else ""
