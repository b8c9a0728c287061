"""`release`: the data set as others get it."""

from typing import Literal

from pydantic import Field, model_validator

from .block import Licence, Strict

Beside = Literal["responses", "verdicts", "labels"]


class Author(Strict):
    name: str = Field(min_length=1, description="of a person or a group")
    orcid: str | None = Field(None, pattern=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$", description="of a person")


class DataRelease(Strict):
    """A release of the data set: what it is called and what is in it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="of its folder; its canary follows from it")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$", description="MAJOR.MINOR.PATCH; `changes` says when it is too low")
    date: str | None = Field(
        None, pattern=r"^\d{4}-\d\d-\d\d$", description="of publication, in quotation marks; the workflow sets none"
    )
    title: str = Field(min_length=1, description="heading of its card")
    description: str = Field("", description="a paragraph of its card")
    homepage: str | None = Field(None, pattern=r"^https?://\S+$", description="where it can be found")
    authors: list[Author] = Field(min_length=1, description="who is to be cited")
    licence: Licence = Field(description="SPDX identifier, of the whole; rows whose own forbids it are left out")
    engine_licences: dict[str, str] = Field(
        default_factory=dict,
        description="terms of the engines that drafted rows, by engine; translation.transformers brings its own",
    )
    unverified: Literal["leave_out", "mark"] = Field(
        "leave_out", description="what becomes of rows that nobody verified: left out, or marked in every file"
    )
    redacted: bool = Field(False, description="leave all texts out: ids, categories and digests are enough to check")
    include: list[Beside] = Field(
        [], description="what stands beside the data set: answers of the models, verdicts on them, labels of people"
    )
    include_text: bool = Field(False, description="what models and judges said, word by word; without it, digests")

    @model_validator(mode="after")
    def _sound(self) -> "DataRelease":
        if self.redacted and self.include_text:
            raise ValueError("answers quote queries, which `redacted` leaves out; take out it or `include_text`")
        return self

    @property
    def folder(self) -> str:
        return f"{self.name}-redacted" if self.redacted else self.name

    def with_terms(self, engine: str, licence: str | None) -> "DataRelease":
        """With the licence of the model that translates among those of engines, where none is set there."""
        known = {engine: licence} if licence else {}
        return self.model_copy(update={"engine_licences": {**known, **self.engine_licences}})
