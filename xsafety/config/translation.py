"""`translation`: how rows without a human translation get a draft."""

from collections.abc import Mapping
from typing import Any, Literal, cast

from pydantic import Field, field_validator, model_validator

from ..rows import TranslatorIdentity
from .block import Address, Licence, Strict, Variable
from .models import LocalConnection, OpenAI, Transformers

TRANSLATION_PROMPT = """\
Translate the text between <text> and </text> from {source} into {target}. It is a query that tests the safety of a \
language model: translate it as it is, with its tone, its option letters and its line breaks; do not answer it, soften \
it or comment on it. Reply with the translation alone.

<text>
{text}
</text>
"""

# What models of a family are asked for, where nothing else is set, and the licence that they were published under.
_DECODING: Mapping[str, dict[str, Any]] = {
    **{family: {"num_beams": 4, "max_new_tokens": 256} for family in ("nllb", "m2m100", "madlad", "marian")},
    "causal": {"max_new_tokens": 1024},
}
_LICENCES = {"nllb": "CC-BY-NC-4.0", "m2m100": "MIT", "madlad": "Apache-2.0"}

# Default of `api_key_env`.
_USUAL_KEYS = {"deepl": "DEEPL_API_KEY", "microsoft": "MICROSOFT_API_KEY"}


class OpenAITranslator(OpenAI):
    """A model that is asked to translate."""

    engine: Literal["openai"] = Field("openai", description="a model, by the OpenAI chat completions protocol")
    prompt: str = Field(
        TRANSLATION_PROMPT, description="with {source} and {target}, the languages' English names, and {text}"
    )

    def identity(self) -> TranslatorIdentity:
        return cast(TranslatorIdentity, {**super().identity(), "prompt": self.prompt})

    @model_validator(mode="after")
    def _checked(self) -> "OpenAITranslator":
        _check_prompt(self.prompt)
        if self.mode == "batch" or self.decoding.get("n", 1) != 1:
            raise ValueError("mode batch and several answers (n) are for models and judges; take them out")
        return self


class TranslatorConnection(LocalConnection):
    """Where a model that translates in process lies, and what its translations may be used for: changes no draft."""

    licence: Licence | None = Field(
        None, description="SPDX identifier of the model's licence; absent: that of its family, where it has one"
    )

    def connection(self) -> "TranslatorConnection":
        part = self.model_dump(include=set(TranslatorConnection.model_fields))
        return TranslatorConnection.model_validate(part)


class LocalTranslator(TranslatorConnection, Transformers):
    """A model that translates in process."""

    engine: Literal["transformers"] = Field("transformers", description="in process, by the transformers library")
    family: Literal["nllb", "m2m100", "madlad", "marian", "causal"] = Field(
        description="how it is told the languages: NLLB-200, M2M100, MADLAD-400, Marian (OPUS-MT); causal: by a prompt"
    )
    prompt: str | None = Field(
        None, description="for family causal: with {source} and {target}, the languages' English names, and {text}"
    )
    decoding: dict[str, Any] = Field(
        default_factory=dict,
        description="generation settings that change the translation, beside {num_beams: 4, max_new_tokens: 256}, or "
        "for family causal {max_new_tokens: 1024}",
    )

    @model_validator(mode="before")
    @classmethod
    def _under_its_familys_licence(cls, values: Any) -> Any:
        known = isinstance(values, dict) and _LICENCES.get(values.get("family", ""))
        return {"licence": known, **values} if known else values

    @field_validator("decoding")
    @classmethod
    def _can_be_decoded(cls, value: dict[str, Any]) -> dict[str, Any]:
        return value  # by `_fits_the_family`

    @model_validator(mode="after")
    def _fits_the_family(self) -> "LocalTranslator":
        if self.family == "causal":
            _check_prompt(self.prompt or TRANSLATION_PROMPT)
            Transformers._can_be_decoded(self.decoding)
            return self
        if self.prompt:
            raise ValueError("prompt is for family causal; take it out")
        if drawn := sorted({"do_sample", "n", "seed", "num_return_sequences"} & self.decoding.keys()):
            raise ValueError(f"decoding: {', '.join(drawn)}: it translates by beam search; take it out")
        return self

    def identity(self) -> TranslatorIdentity:
        """What decides a translation; a causal model is told by its prompt alone that it translates."""
        told = {"prompt": self.prompt or TRANSLATION_PROMPT} if self.family == "causal" else {"family": self.family}
        decoding = _DECODING[self.family] | self.decoding
        return cast(TranslatorIdentity, {**super().identity(), "decoding": decoding, **told})


def _check_prompt(prompt: str) -> None:
    if "{text}" not in prompt or "{target}" not in prompt:
        raise ValueError("prompt lacks {text} or {target}")


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
    engine: Literal["none", "google", "libretranslate", "deepl", "microsoft", "openai", "transformers"] = Field(
        "none", description="who drafts what memory lacks"
    )
    openai: OpenAITranslator | None = Field(None, description="for engine openai: the model that is asked to translate")
    transformers: LocalTranslator | None = Field(
        None, description="for engine transformers: the model that translates in process"
    )

    @model_validator(mode="after")
    def _fits_the_engine(self) -> "Translation":
        if self.engine == "libretranslate" and not self.base_url:
            raise ValueError("engine libretranslate needs `base_url`, the address of its server")
        if self.region and self.engine != "microsoft":
            raise ValueError("`region` is for engine microsoft only; take it out")
        for engine, block in (("openai", self.openai), ("transformers", self.transformers)):
            if (self.engine == engine) != bool(block):
                keys = "{model: ...}, and keys as for models"
                raise ValueError(f"engine {engine} goes with a block `{engine}`: {keys}")
        return self

    @property
    def key_variable(self) -> str | None:
        return self.api_key_env or _USUAL_KEYS.get(self.engine)

    @property
    def model(self) -> OpenAITranslator | LocalTranslator | None:
        """The model that translates; None where a service does."""
        return self.openai or self.transformers

    @property
    def name(self) -> str:
        """Who translates, as tables name it."""
        if self.transformers:
            return self.transformers.name
        return self.openai.model if self.openai else self.engine

    @property
    def licence(self) -> str | None:
        """Under what the model is that translates in process."""
        return self.transformers.licence if self.transformers else None

    @property
    def server(self) -> str | None:
        return self.openai.server if self.openai else None

    def identity(self) -> TranslatorIdentity:
        """The engine that translates; a model with what it is asked."""
        return self.model.identity() if self.model else {"engine": self.engine}
