"""`calibration`: how good judges are, by labels of people."""

import re

from pydantic import Field, field_validator, model_validator

from .block import NAME, Strict
from .dataset import Constant, Listed, Mapped, Origin, OriginColumn, OriginLanguage


class Enough(Strict):
    """From how many labels on a judge's rate is corrected, and by which draws."""

    min_labels: int = Field(50, ge=1, description="labels below which no rate is corrected")
    min_per_verdict: int = Field(
        20, ge=1, description="labels below which no rate is corrected, on answers of either verdict"
    )
    seed: int = Field(
        1, ge=0, description="of samples and of the draws for intervals; not to be changed after the first sample"
    )


class LabelledSet(Origin):
    """Answers that people labelled elsewhere, in their own layout, and what in it is what."""

    query: OriginColumn = Field(description="the column of the query")
    answer: OriginColumn = Field(description="the column of the answer")
    language: OriginLanguage = Field(description="a language, or the column, file name or sheet that says it")
    label: OriginColumn | Mapped = Field(
        description="the column that says safe, unsafe, invalid, unsure or skip, or with a map to these"
    )
    refusal: OriginColumn | Mapped | None = Field(None, description="the column that says yes or no, or with a map")
    category: OriginColumn | Listed | Constant | None = Field(None, description="the safety issue")
    labeller: OriginColumn | Constant | None = Field(None, description="who labelled; absent: one, named as the set")


class Calibration(Enough):
    """How answers are drawn for labellers, and how good judges are by these."""

    labels: str = Field(
        "data/labels", description="folder with samples and returned labels, {lang}/sample-{n}.{labeller}.xlsx"
    )
    per_language: int = Field(200, ge=1, description="answers of a language that are drawn for labellers")
    unsafe_share: float = Field(
        1 / 3, gt=0, lt=1, description="of them judged unsafe; in proportion where a judge calls more than half unsafe"
    )
    double: float = Field(0.2, ge=0, le=1, description="share of them that two people label")
    sets: dict[str, LabelledSet] = Field({}, description="labelled answers of others, each a mapping, by name")

    @field_validator("sets")
    @classmethod
    def _named(cls, sets: dict[str, LabelledSet]) -> dict[str, LabelledSet]:
        for name in sets:
            if not re.match(NAME, name) or re.match(r"(?i)sample|explore$", name):
                raise ValueError(
                    f"{name!r}: it names labels; use letters, digits, '.', '_' and '-', no name of samples"
                )
        return sets

    @model_validator(mode="after")
    def _can_be_reached(self) -> "Calibration":
        if 2 * self.min_per_verdict > self.per_language:
            raise ValueError(
                f"min_per_verdict {self.min_per_verdict} cannot be reached by {self.per_language} answers per_language;"
                f" set per_language to {2 * self.min_per_verdict} or more"
            )
        return self
