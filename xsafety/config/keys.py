"""Which environment variables hold the keys that blocks of the configuration need, and which of them are not set."""

from collections.abc import Mapping

from .models import Connection, LexiconJudge, LocalConnection
from .translation import Translation

Block = Connection | LocalConnection | LexiconJudge | Translation


def key_variables(block: Block) -> list[str]:
    """The environment variables that asking a model, a judge or a translator needs."""
    if isinstance(block, Translation):
        return key_variables(block.openai) if block.openai else [name for name in (block.key_variable,) if name]
    return block.key_variables if isinstance(block, Connection) else []


def missing_keys(blocks: Mapping[str, Block], environment: Mapping[str, str]) -> list[str]:
    """One problem for each variable that a block (by its place in the configuration, "models.gpt") needs and lacks."""
    return [
        f"{place}{_inside(block)}: the environment variable {name} is not set; run: export {name}=..."
        for place, block in blocks.items()
        for name in key_variables(block)
        if not environment.get(name)
    ]


def _inside(block: Block) -> str:
    return ".openai" if isinstance(block, Translation) and block.openai else ""
