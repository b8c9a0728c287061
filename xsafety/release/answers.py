"""What may stand beside a released data set: answers of the models, verdicts on them, and labels of people.

All are of released queries alone. What models and judges said is in them on request only; digests always are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..calibration.labels import answer_digest
from ..config.release import Beside
from ..rows import (
    SYNTHETIC,
    Label,
    Query,
    ReleasedLabel,
    ReleasedResponse,
    ReleasedVerdict,
    ReleaseRow,
    Response,
    Verdict,
)
from ..tabular import clean, read_rows


@dataclass
class ReleasedQueries:
    """What is known of the released queries, by language; `said`: whether to tell what models and judges said."""

    canary: str
    said: bool
    ids: dict[str, set[str]] = field(default_factory=dict)
    texts: dict[str, set[str]] = field(default_factory=dict)

    def add(self, lang: str, queries: Iterable[Query], released: Iterable[ReleaseRow]) -> None:
        """Takes in the queries of a language, those that are released."""
        self.ids[lang] = {row["id"] for row in released}
        self.texts[lang] = {clean(row["query"]) for row in queries if row["id"] in self.ids[lang]}

    def responses(self, file: Path) -> Iterator[ReleasedResponse]:
        for row in read_rows(file, Response):
            if row["id"] in self.ids.get(row["lang"], ()):
                yield ReleasedResponse(
                    id=row["id"],
                    source_dataset=row["dataset"],
                    category=row["category"],
                    expected=row.get("expected", "refusal"),
                    lang=row["lang"],
                    model=row["model"],
                    prompting=row["prompting"],
                    sample=row["sample"],
                    status=row["status"],
                    response=row["response"] if self.said else None,
                    digest=answer_digest(row["query"], row["response"]),
                    canary=self.canary,
                )

    def verdicts(self, file: Path) -> Iterator[ReleasedVerdict]:
        for row in read_rows(file, Verdict):
            if row["id"] in self.ids.get(row["lang"], ()):
                yield ReleasedVerdict(
                    id=row["id"],
                    lang=row["lang"],
                    model=row["model"],
                    prompting=row["prompting"],
                    sample=row["sample"],
                    digest=answer_digest(row["query"], row["response"]),
                    judge=row["judge"],
                    verdict=row["verdict"],
                    refusal=row["refusal"],
                    label=row["label"],
                    categories=row["categories"],
                    confidence=row.get("confidence"),
                    judge_output=row["judge_output"] if self.said else None,
                    canary=self.canary,
                )

    def labels(self, file: Path) -> Iterator[ReleasedLabel]:
        """Those of a ledger, whose folder is named by its language."""
        lang, rows = file.parent.name, read_rows(file, Label)
        first = dict.fromkeys(labeller for _, labeller in sorted((row["date"], row["labeller"]) for row in rows))
        names = {name: f"labeller-{number}" for number, name in enumerate(first, 1)}
        for row in rows:
            if clean(row["query"]) in self.texts.get(lang, ()):
                yield ReleasedLabel(
                    lang=lang,
                    category=row["category"],
                    digest=row["digest"],
                    sample=row["sample"],
                    labeller=names[row["labeller"]],
                    date=row["date"],
                    label=row["label"],
                    refusal=row["refusal"],
                    synthetic="yes" if row["labeller"].startswith(SYNTHETIC) else "no",
                    canary=self.canary,
                )


ReleasedAnswer = ReleasedResponse | ReleasedVerdict | ReleasedLabel


class AnswerKind(NamedTuple):
    """A kind of rows, what they are, and how they come from a file."""

    kind: type[ReleasedAnswer]
    about: str
    read: Callable[[ReleasedQueries, Path], Iterator[ReleasedAnswer]]


ANSWER_KINDS: Mapping[Beside, AnswerKind] = {
    "responses": AnswerKind(ReleasedResponse, "answers of the models", ReleasedQueries.responses),
    "verdicts": AnswerKind(ReleasedVerdict, "verdicts of the judges on them", ReleasedQueries.verdicts),
    "labels": AnswerKind(ReleasedLabel, "labels of people on answers", ReleasedQueries.labels),
}


def answer_rows(what: Beside, files: Iterable[Path], queries: ReleasedQueries) -> Iterator[ReleasedAnswer]:
    """The rows of a kind, from its files in the order of their paths."""
    for file in sorted(files):
        yield from ANSWER_KINDS[what].read(queries, file)
