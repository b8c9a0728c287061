"""What comes of a data set, in lines, before anything is translated."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ..tabular import aligned
from ..text.languages import language
from .source import SeedSet

_EXAMPLES, _WIDTH = 3, 90


def summary(found: SeedSet, source: str, languages: Sequence[str]) -> Iterator[str]:
    """The rows by language and category, what was mended or is odd, and the first seeds."""
    benign = sum("expected" in seed for seed in found.seeds)
    yield f"{len(found.seeds):,} seed queries in {language(source).name}, {benign:,} of them to be answered"
    yield from found.notes
    yield ""
    yield aligned([("language", "translations", ""), *_languages(found, source, languages)], left=1)
    yield ""
    counts = Counter(seed["category"] for seed in found.seeds)
    rows = [
        (one.name, key, "" if one.main else "not in the main table", counts[key])
        for key, one in found.categories.items()
    ]
    yield aligned([("category", "key", "", "queries"), *((*texts, f"{number:,}") for *texts, number in rows)], left=3)
    yield ""
    kinds = Counter((row["kind"], row["lang"]) for row in found.repairs)
    if kinds:
        yield aligned(
            [("mended or odd", "", "rows"), *((*key, f"{number:,}") for key, number in kinds.items())], left=2
        )
        yield ""
    for seed in found.seeds[:_EXAMPLES]:
        yield f"{seed['id']} ({found.categories[seed['category']].name}):"
        texts = [
            (source, seed["text"]),
            *((row["lang"], row["text"]) for row in found.given if row["id"] == seed["id"]),
        ]
        yield from (f"  {lang}: {_short(text)}" for lang, text in texts)


def _languages(found: SeedSet, source: str, languages: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    given = Counter((row["lang"], row["status"]) for row in found.given)
    given.update((lang, "human") for lang, entries in found.evidence.items() for _ in entries)
    for (lang, status), number in sorted(given.items()):
        use = "" if lang in languages else ", not in `languages`: not used"
        yield f"{language(lang).name} ({lang})", f"{number:,}", f"{status}{use}"
    for lang in languages:
        if lang != source and not any(tag == lang for tag, _ in given):
            yield f"{language(lang).name} ({lang})", "0", "to be drafted"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[:_WIDTH]} ..."
