"""`translation`: how rows without a human translation get a draft."""

from typing import Literal

from pydantic import Field, model_validator

from ..rows import TranslatorIdentity
from .block import Address, Strict, Variable
from .models import OpenAI

TRANSLATION_PROMPT = """\
Translate the text between <text> and </text> from {source} into {target}. It is a query that tests the safety of a \
language model: translate it as it is, with its tone, its option letters and its line breaks; do not answer it, soften \
it or comment on it. Reply with the translation alone.

<text>
{text}
</text>
"""

# Default of `api_key_env`.
_USUAL_KEYS = {"deepl": "DEEPL_API_KEY", "microsoft": "MICROSOFT_API_KEY"}


class OpenAITranslator(OpenAI):
    """A model that is asked to translate."""

    engine: Literal["openai"] = Field("openai", description="a model, by the OpenAI chat completions protocol")
    prompt: str = Field(
        TRANSLATION_PROMPT, description="with {source} and {target}, the languages' English names, and {text}"
    )

    @model_validator(mode="after")
    def _checked(self) -> "OpenAITranslator":
        if "{text}" not in self.prompt or "{target}" not in self.prompt:
            raise ValueError("prompt lacks {text} or {target}")
        if self.mode == "batch" or self.decoding.get("n", 1) != 1:
            raise ValueError("mode batch and several answers (n) are for models and judges; take them out")
        return self


class ServiceConnection(Strict):
    """How a translation service is reached and paced: changes no draft. Keys stay in the environment."""

    base_url: Address = Field(
        None,
        description="address of the LibreTranslate server, e.g. http://127.0.0.1:5000, or another of deepl, microsoft",
    )
    api_key_env: Variable | None = Field(
        None,
        description="name of the environment variable with the key; default DEEPL_API_KEY, MICROSOFT_API_KEY, or none",
    )
    region: str | None = Field(None, description="for engine microsoft: the region of the resource, if it has one")
    requests_per_minute: float | None = Field(
        None, gt=0, description="most requests in a minute; default 300 to google and microsoft, 600 to deepl, else any"
    )
    timeout: float = Field(30, gt=0, description="seconds that one request may take")
    max_retries: int = Field(3, ge=0, description="further tries of a request that failed in passing")


class Translation(ServiceConnection):
    """How rows without a human translation get a draft."""

    memory: str = Field("data/memory", description="folder with committed drafts, one {lang}.csv per language")
    engine: Literal["none", "google", "libretranslate", "deepl", "microsoft", "openai"] = Field(
        "none", description="who drafts what memory lacks"
    )
    openai: OpenAITranslator | None = Field(None, description="for engine openai: the model that is asked to translate")

    @model_validator(mode="after")
    def _fits_the_engine(self) -> "Translation":
        if self.engine == "libretranslate" and not self.base_url:
            raise ValueError("engine libretranslate needs `base_url`, the address of its server")
        if self.region and self.engine != "microsoft":
            raise ValueError("`region` is for engine microsoft only; take it out")
        if (self.engine == "openai") != bool(self.openai):
            raise ValueError("engine openai goes with a block `openai`: {model: ...}, and keys as for models")
        return self

    @property
    def key_variable(self) -> str | None:
        return self.api_key_env or _USUAL_KEYS.get(self.engine)

    @property
    def name(self) -> str:
        """Who translates, as tables name it."""
        return self.openai.model if self.openai else self.engine

    @property
    def server(self) -> str | None:
        return self.openai.server if self.openai else None

    def identity(self) -> TranslatorIdentity:
        """The engine that translates; a model with what it is asked."""
        return {**self.openai.identity(), "prompt": self.openai.prompt} if self.openai else {"engine": self.engine}
