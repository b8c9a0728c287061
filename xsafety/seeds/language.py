"""A look at the language of the seeds, so that none runs as a language that it is not in."""

from collections import Counter
from collections.abc import Sequence

from ..rows import Seed
from ..tabular import DataError
from ..text.identify import likely_language
from ..text.languages import language
from .tables import grouped

CLEAR_SHARE = 0.2  # of the seeds in one other language, from which on they are refused


def look_at_language(seeds: Sequence[Seed], tag: str) -> list[str]:
    """A line on seeds that are surely in another language than `tag`, if there are some.

    Raises DataError where a clear share of them is in one other language.
    """
    found = {seed["id"]: other for seed in seeds if (other := likely_language(seed["text"], tag))}
    if not found:
        return []
    [(other, number)] = Counter(found.values()).most_common(1)
    places = [f"{seed['id']}: {seed['text'][:60]!r}" for seed in seeds if found.get(seed["id"]) == other]
    if number >= CLEAR_SHARE * len(seeds):
        name = language(other).name
        raise DataError(
            grouped(
                f"{number:,} of {len(seeds):,} seed queries seem to be {name}, not {language(tag).name}; set"
                f" dataset.source: {other}, or take the right column or file",
                places,
            )
        )
    ids = ", ".join([*list(found)[:3], *(["..."] if len(found) > 3 else [])])
    return [f"{len(found):,} of {len(seeds):,} seed queries seem to be in another language: {ids}"]
