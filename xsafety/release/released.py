"""The rows of a released data set: the queries of a language, with all that is known of where each is from."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_DNS, uuid5

from ..categories import About
from ..config.release import DataRelease
from ..rows import DECIDING, RELEASE_REVIEWER, Draft, Evidence, Provenance, Query, ReleaseRow
from ..tabular import clean
from ..verification.standing import by_row
from .licences import objection

UNVERIFIED_TEXTS: tuple[Provenance, ...] = ("in-review", "machine")


def canary(name: str) -> str:
    """The GUID that marks every file of a release: a function of its name alone."""
    return str(uuid5(NAMESPACE_DNS, f"{name}.release.xsafety"))


@dataclass(frozen=True)
class Omission:
    """Rows that are not in a release, and why."""

    what: str
    rows: int
    why: str

    def __str__(self) -> str:
        return f"{self.what}, {self.rows:,} row(s): {self.why}"


def release_rows(
    release: DataRelease,
    licences: Mapping[str, str | None],
    queries: Sequence[Query],
    ledger: Sequence[Evidence],
    memory: Mapping[str, Draft],
    about: About,
) -> tuple[list[ReleaseRow], list[Omission]]:
    """A language's rows, sorted by group and id, and those that are left out.

    `licences` are those of the sources, by name. `memory` has the committed drafts by their English: it knows which
    engine drafted what people went over since.
    """
    entries = by_row(entry for entry in ledger if entry["verdict"] in DECIDING)
    origin = _Origin(release, licences, memory, reviewer_numbers(ledger), about)
    whole = [_row(origin, query, entries.get(query["id"], ())) for query in queries]
    found = [row for row in whole if release.unverified == "mark" or row["verification"] not in UNVERIFIED_TEXTS]
    left_out = []
    if len(found) < len(whole):
        why = "not verified; `unverified: mark` would release and mark them"
        left_out.append(Omission(f"language {whole[0]['lang']}", len(whole) - len(found), why))
    for source, licence in licences.items():
        number = sum(row["source_dataset"] == source for row in found)
        if number and (why := objection(licence, release.licence)):
            left_out.append(Omission(f"language {whole[0]['lang']}, source {source}", number, why))
            found = [row for row in found if row["source_dataset"] != source]
    return sorted(found, key=lambda row: (row["group"], row["id"])), left_out


def reviewer_numbers(ledger: Iterable[Evidence]) -> dict[str, str]:
    """What a language's reviewers are called, by their names: numbers, by when they came first."""
    first = sorted((entry["round"], entry["reviewer"]) for entry in ledger if entry["reviewer"] != RELEASE_REVIEWER)
    return {name: f"reviewer-{number}" for number, name in enumerate(dict.fromkeys(name for _, name in first), 1)}


@dataclass(frozen=True)
class _Origin:
    """What the rows of a language have in common."""

    release: DataRelease
    licences: Mapping[str, str | None]
    memory: Mapping[str, Draft]
    names: Mapping[str, str]
    about: About


def _row(origin: _Origin, query: Query, decided: Iterable[Evidence]) -> ReleaseRow:
    release, names, draft = origin.release, origin.names, origin.memory.get(query["source"])
    evidence = [entry for entry in decided if entry["source"] == query["source"]]
    shown = _first_text(evidence)
    verification = _verification(query, shown, evidence)
    engine = query["origin"] if verification == "machine" else None
    if draft and shown and clean(draft["draft"]) == shown:
        engine = draft["engine"]
    source = query["dataset"]
    return ReleaseRow(
        id=query["id"],
        group=query.get("group", query["id"]),
        source_dataset=source,
        category=query["category"],
        category_label=origin.about.categories[query["category"]].name,
        expected=query.get("expected", "refusal"),
        lang=query["lang"],
        text=None if release.redacted else query["query"],
        source_lang=origin.about.language,
        source_text=None if release.redacted else query["source"],
        verification=verification,
        rounds=query["rounds"],
        date=max((entry["date"] for entry in evidence), default="") or None,
        reviewers=sorted({names[entry["reviewer"]] for entry in evidence if entry["reviewer"] in names}),
        drafted_by=engine,
        engine_licence=release.engine_licences.get(engine or ""),
        licence=origin.licences[source] or "",
        text_sha256=hashlib.sha256(query["query"].encode()).hexdigest(),
        canary=canary(release.name),
    )


def _first_text(evidence: Sequence[Evidence]) -> str:
    """What the first person who decided on a row was shown, or what came with the seeds."""
    if not evidence:
        return ""
    return evidence[0]["after" if evidence[0]["reviewer"] == RELEASE_REVIEWER else "before"]


def _verification(query: Query, shown: str, evidence: Sequence[Evidence]) -> Provenance:
    if query["basis"] == "source":
        return "source"
    if not evidence:
        return "machine"
    if query["basis"] != "verified":
        return "in-review"
    if all(entry["reviewer"] == RELEASE_REVIEWER for entry in evidence):
        return "as-released"
    if not shown:
        return "human"
    return "human-verified" if shown.split() == query["query"].split() else "human-post-edited"
