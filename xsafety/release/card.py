"""The card of a release: `README.md` as hubs of data sets read it, with a datasheet by numbers; and how to cite it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import yaml

from ..config.release import DataRelease
from ..rows import ALL, ReleaseRow, Status
from ..tabular import markdown_table
from ..text.languages import language
from ..verification.agreement import EVERYONE, ModificationRate, ReviewerAgreement
from .columns import released_columns
from .files import Part
from .licences import licence_url
from .released import UNVERIFIED_TEXTS, Omission, canary

_TEMPLATES = Path(__file__).parent / "templates"

_HUB_LICENCES = frozenset(
    "apache-2.0 mit bsd-2-clause bsd-3-clause cc0-1.0 cc-by-4.0 cc-by-sa-4.0 cc-by-nc-4.0 cc-by-nc-sa-4.0 cc-by-3.0"
    " cc-by-sa-3.0 cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0 isc unlicense".split()
)
_SIZES = {"n<1K": 1_000, "1K<n<10K": 10_000, "10K<n<100K": 100_000, "100K<n<1M": 1_000_000}


@dataclass
class Numbers:
    """What is counted in the rows of a release."""

    verification: Counter[tuple[str, str]]  # language, what the text rests on
    category: Counter[tuple[str, str]]
    odd: Counter[tuple[str, str]]  # language, of how many rows, in which checks found something

    @classmethod
    def nothing(cls) -> "Numbers":
        return cls(Counter(), Counter(), Counter())

    def add(self, rows: Iterable[ReleaseRow], flagged: set[str]) -> None:
        """Counts a language's rows; `flagged` are the ids of those in which checks found something."""
        for row in rows:
            self.verification[row["lang"], row["verification"]] += 1
            self.category[row["lang"], row["category_label"]] += 1
            self.odd[row["lang"], "something odd" if row["id"] in flagged else "nothing"] += 1

    @property
    def unverified(self) -> int:
        return sum(number for (_, said), number in self.verification.items() if said in UNVERIFIED_TEXTS)

    @property
    def rows(self) -> int:
        return self.verification.total()


@dataclass(frozen=True)
class Reviewed:
    """What is known of the translations: rows of review_status.csv, modification_rates.csv and agreement.csv."""

    status: Sequence[Status]
    rates: Sequence[ModificationRate]
    agreement: Sequence[ReviewerAgreement]


def warning(numbers: Numbers) -> str:
    """What every description of a release begins with, where it holds unverified rows."""
    if not numbers.unverified:
        return ""
    said = " or ".join(one for one in UNVERIFIED_TEXTS if any(one == other for _, other in numbers.verification))
    return (
        f"{numbers.unverified:,} of the {numbers.rows:,} rows are not verified: their `verification` is {said}. Do not"
        " rely on them."
    )


def header(release: DataRelease, parts: Sequence[Part], rows: int) -> dict[str, object]:
    """What hubs of data sets read at the beginning of a card."""
    tags = [part.config for part in parts if part.folder == "data"]
    licence = release.licence.lower()
    known = {"license": licence} if licence in _HUB_LICENCES else {}
    other = {"license": "other", "license_name": licence, "license_link": licence_url(release.licence)}
    configs: list[dict[str, object]] = [
        {"config_name": part.config, "data_files": [{"split": "test", "path": part.file}]} for part in parts
    ]
    configs[0]["default"] = True
    every = {"config_name": "all", "data_files": [{"split": "test", "path": "data/*.parquet"}]}
    return {
        **(known or other),
        "language": list(dict.fromkeys(tag.partition("-")[0] for tag in tags)),
        "language_bcp47": tags,
        "pretty_name": release.title,
        "size_categories": [next((name for name, most in _SIZES.items() if rows < most), "1M<n<10M")],
        "task_categories": ["text-generation"],
        "tags": ["safety", "multilingual", "not-for-all-audiences"],
        "configs": [*configs, every],
    }


def card(
    release: DataRelease,
    parts: Sequence[Part],
    numbers: Numbers,
    reviewed: Reviewed,
    left_out: Sequence[Omission],
    sources: Mapping[str, object],
) -> str:
    """The card. `sources` are the `licences` of the sources and `references` to them, by name, and the `commit`."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    languages = [part.config for part in parts if part.folder == "data"]
    return environment.get_template("README.md.j2").render(
        header=yaml.safe_dump(header(release, parts, numbers.rows), sort_keys=False, allow_unicode=True),
        release=release,
        warning=warning(numbers),
        canary=canary(release.name),
        parts=parts,
        kinds=[(name, released_columns(kind)) for name, kind in {part.rows_of: part.kind for part in parts}.items()],
        by_verification=_crossed(numbers.verification),
        by_category=_by_category(numbers.category, languages),
        beside=_beside(parts),
        proofread=_proofread(reviewed.rates, languages),
        spot_checks=_spot_checks(reviewed.status, languages),
        agreement=_agreement(reviewed.agreement, languages),
        findings=_crossed(numbers.odd),
        limits=_limits(numbers, reviewed.status, languages),
        left_out=left_out,
        **sources,
    )


def _crossed(counts: Counter[tuple[str, str]]) -> str:
    columns = sorted({column for _, column in counts})
    rows = list(dict.fromkeys(row for row, _ in counts))
    cells = []
    for row in rows:
        numbers = [counts[row, column] for column in columns]
        cells.append([f"{language(row).name} ({row})", *numbers, sum(numbers)])
    return markdown_table(["language", *columns, "together"], cells)


def _by_category(counts: Counter[tuple[str, str]], languages: Sequence[str]) -> str:
    categories = sorted({category for _, category in counts})
    cells = [[category, *(counts[tag, category] for tag in languages)] for category in categories]
    return markdown_table(["category", *languages], cells)


def _beside(parts: Sequence[Part]) -> str:
    rows = [[part.about, f"`{part.file}`", part.rows] for part in parts if part.folder != "data"]
    return markdown_table(["what", "file", "rows"], rows, left=2)


def _proofread(rates: Sequence[ModificationRate], languages: Sequence[str]) -> str:
    rows = [
        [lang, row["round"], row["rows"], row["modified"], f"{row['rate']}%", f"{row['lower']} to {row['upper']}"]
        for row in rates
        if (lang := row["lang"]) in languages and (row["category"], row["reviewer"]) == (ALL, EVERYONE) and row["rate"]
    ]
    return markdown_table(["language", "round", "rows", "changed", "share", "interval"], rows)


def _spot_checks(status: Sequence[Status], languages: Sequence[str]) -> str:
    rows = [
        [row["lang"], row["sampled"], row["inspected"], row["unchanged"]]
        for row in status
        if row["lang"] in languages and row["inspected"]
    ]
    return markdown_table(["language", "rows drawn", "inspected", "left as they were"], rows)


def _agreement(agreement: Sequence[ReviewerAgreement], languages: Sequence[str]) -> str:
    rows = [
        [row["lang"], row["round"], row["rows"], f"{row['verdicts']}%", row["kappa"] or "undefined", row["ac1"]]
        for row in agreement
        if row["lang"] in languages
    ]
    return markdown_table(["language", "round", "rows", "same verdict", "kappa", "AC1"], rows)


def _limits(numbers: Numbers, status: Sequence[Status], languages: Sequence[str]) -> list[str]:
    limits = []
    if numbers.unverified:
        limits.append(f"{numbers.unverified:,} rows are unverified; their texts may say something else than the seed.")
    if released := sum(number for (_, said), number in numbers.verification.items() if said == "as-released"):
        limits.append(f"{released:,} translations are as their source released them; nobody went over them here.")
    for row in status:
        if row["lang"] not in languages:
            limits.append(f"{row['lang']} is missing: of {row['rows']:,} rows {row['verified']:,} are verified.")
        elif numbers.verification.total() and (lacking := row["rows"] - _in(numbers, row["lang"])):
            limits.append(f"{row['lang']} lacks {lacking:,} of {row['rows']:,} rows.")
    return [
        *limits,
        "The queries were written in one language and translated: harm of another culture alone is not in them.",
        "Machine checks find what is odd in form, not a translation that reads well and is wrong.",
    ]


def _in(numbers: Numbers, lang: str) -> int:
    return sum(number for (found, _), number in numbers.verification.items() if found == lang)


def citation(release: DataRelease) -> str:
    """How to cite a release, as a file in the Citation File Format."""
    content = {
        "cff-version": "1.2.0",
        "message": "If you use this data set, please cite it.",
        "type": "dataset",
        "title": release.title,
        "version": release.version,
        "license": release.licence,
        **({"date-released": release.date} if release.date else {}),
        **({"url": release.homepage} if release.homepage else {}),
        "authors": [
            {"name": author.name, **({"orcid": f"https://orcid.org/{author.orcid}"} if author.orcid else {})}
            for author in release.authors
        ],
        "identifiers": [{"type": "other", "value": canary(release.name), "description": "canary"}],
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
