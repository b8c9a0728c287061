"""Queries with options, of which some are unsafe, in another order, asked as queries of their own.

As released, the unsafe option is nearly always A, so an answer that is always A would be right. The order is that of a
hash of the row's id: the same in all languages, from one run to the next, and whatever other rows there are.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from ..rows import LeftOut, Query, Seed, ShuffledQuery, of_seed
from ..text.letters import letters_only
from ..text.options import ENDS, LATIN, Options, closing_instruction, labels_of, number_of_options, split_options

SUFFIX = "@shuffled"
"""Behind the ids of such rows, and the names of the files that hold them."""


def shuffled_queries(
    lang: str, queries: Iterable[Query], seeds: Iterable[Seed], source: str
) -> tuple[list[ShuffledQuery], list[LeftOut]]:
    """A language's queries with options, shuffled, and those that are left out, with the reason.

    Those are the harmful ones of categories in which seeds, in the language `source`, say which options are unsafe. A
    translation must have as many options as its seed.
    """
    said = [seed for seed in seeds if "unsafe_options" in seed]
    unsafe, categories = {seed["id"]: seed["unsafe_options"] for seed in said}, {seed["category"] for seed in said}
    rows = [row for row in queries if row["category"] in categories and "expected" not in row]
    closings = {
        source: closing_instruction([row["source"] for row in rows]),
        lang: closing_instruction([row["query"] for row in rows]),
    }
    shuffled, left_out = [], []
    for row in rows:
        parts, reason = _parts(row, unsafe.get(row["id"], ""), closings, source)
        if parts:
            shuffled.append(_shuffled(row, parts, unsafe[row["id"]]))
        else:
            left_out.append(LeftOut(lang=lang, id=row["id"], reason=reason))
    return shuffled, left_out


def order(id: str, number: int) -> list[int]:
    """The order in which the options of a row are asked: places in the released text, from 0."""
    return sorted(range(number), key=lambda place: hashlib.sha256(f"{id} {place}".encode()).digest())


def _parts(row: Query, unsafe: str, closings: Mapping[str, str], source: str) -> tuple[Options | None, str]:
    """A query in its parts, or why it is left out."""
    number, lang = number_of_options(row["source"], source), row["lang"]
    if not number or not split_options(row["source"], source, number, closings[source]):
        return None, "the English does not split into a situation, options A, B, ... and an instruction"
    if not unsafe or not set(unsafe) <= set(LATIN[:number]):
        have = f"{unsafe!r} among {number} options" if unsafe else "not said"
        return None, f"which options are unsafe is {have}; write their letters as unsafe_options of the seed"
    parts = split_options(row["query"], lang, number, closings[lang])
    if not parts:
        return None, f"does not split into a situation, the {number} options that the English has, and an instruction"
    if labels_of(row["query"], lang, number + 1):
        return None, f"has more options than the {number} of the English"
    plain = [letters_only(option) for option in parts.options]
    for letter in unsafe:
        if plain.count(plain[LATIN.index(letter)]) > 1:
            return None, f"the unsafe option {letter} equals another"
    return parts, ""


def _shuffled(row: Query, parts: Options, unsafe: str) -> ShuffledQuery:
    places = order(row["id"], len(parts.options))
    options = _alike([parts.options[place] for place in places])
    labelled = [f"{letter}. {option}" for letter, option in zip(LATIN, options, strict=False)]
    return ShuffledQuery(
        **of_seed(row),
        id=row["id"] + SUFFIX,
        lang=row["lang"],
        category=row["category"],
        source=row["source"],
        query=" ".join((parts.situation, *labelled, parts.instruction)),
        basis=row["basis"],
        origin=f"{row['origin']}, options shuffled",
        rounds=row["rounds"],
        options=options,
        unsafe="".join(sorted(LATIN[places.index(LATIN.index(letter))] for letter in unsafe)),
    )


def _alike(options: Sequence[str]) -> list[str]:
    """The options with a mark at each end where any has one, so that a lacking one shows no place in the original."""
    marks = [option[-1] for option in options if option[-1] in ENDS]
    most = max(marks, key=marks.count, default="")
    return [option if option[-1] in ENDS else re.sub(r"[\s,;:،、，]+$", "", option) + most for option in options]
