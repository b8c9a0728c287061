"""What is sound in a returned sheet, row by row, and what is wrong with the rest: one bad cell costs its row.

A file is refused whole only where its columns are wrong, or its targets stand beside others' English.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..rows import SheetRow
from ..tabular import clean
from ..text.letters import letters_only
from .sheets.layout import REVIEWS, VERDICTS, ReturnedRow, SheetKind, row_digest, sheet_row

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")  # and halves of characters
_MEANT = "language"  # in a note: that a text is in another language on purpose
_NEAR = 3  # rows above and below in which a text that is not a row's own is looked for


class RowProblem(NamedTuple):
    """What is wrong with one row of a returned sheet, and how to mend it."""

    id: str
    place: str
    what: str


def sound_rows(
    lang: str,
    returned: Sequence[ReturnedRow],
    seeds: Mapping[str, str],
    further: Callable[[SheetRow], Iterable[str]] = lambda row: (),
) -> tuple[list[SheetRow], list[RowProblem]]:
    """The rows of a sheet with nothing wrong in them, cleaned once; and the problems of the others, in order.

    `seeds` maps ids to English texts; rows for a seed query that is no more are sound. `further` says what else is
    wrong with a row. Raises ValueError, with the reason, for a sheet of which no row can be trusted.
    """
    refuse_without_columns(returned, REVIEWS)
    rows = [_cleaned(one) for one in returned]
    present = {text: id for id, text in seeds.items()}
    mixed_up = [list(_mixed_up(lang, row, seeds, present)) for row in rows]
    keys = [number if wrong else row["id"] for number, (wrong, row) in enumerate(zip(mixed_up, rows, strict=True))]
    doubled = doubled_rows(keys, list(map(_says_something, rows)), rows, returned)
    displaced = _displaced(rows, [one.place for one in returned])
    elsewhere = _in_another_language(lang, rows)
    sound, problems = [], []
    for number, (one, row) in enumerate(zip(returned, rows, strict=True)):
        found = list(one.problems)
        if one.cells:
            found += [*mixed_up[number], *cell_problems(one, REVIEWS), *_verdict_problems(row), *further(row)]
        found += filter(None, (other.get(number) for other in (doubled, displaced, elsewhere)))
        problems += [RowProblem(row["id"], one.place, what) for what in found]
        sound += [] if found or number in doubled else [row]
    return sound, problems


def refuse_without_columns(returned: Sequence[ReturnedRow], kind: SheetKind) -> None:
    """Raises ValueError where no row has a column that is needed."""
    given = {column for row in returned for column in row.cells}
    if returned and (absent := [column for column in kind.needed if column not in given]):
        raise ValueError(f"no {', '.join(absent)}; restore the columns of the sheet you were given")


def _cleaned(returned: ReturnedRow) -> SheetRow:
    """A row as it counts: 'ok' to a text of which a program changed quotes, dashes or spaces is an edit."""
    row = sheet_row({column: clean(text) for column, text in returned.cells.items()})
    row["verdict"] = row["verdict"].lower()
    if row["verdict"] == "ok" and _is_new(row) and _as_typed(row["target"]) == _as_typed(row["draft"]):
        row["verdict"] = "edited"
    return row


def _as_typed(text: str) -> str:
    """A text without what programs correct by themselves, capitals and signs among it."""
    return letters_only(text.replace("©", "(c)").replace("®", "(r)"))


def _is_new(row: SheetRow) -> bool:
    return row["target"] not in ("", row["draft"])


def _says_something(row: SheetRow) -> bool:
    return bool(row["verdict"] or _is_new(row) or row["note"])


def cell_problems(returned: ReturnedRow, kind: SheetKind) -> Iterator[str]:
    """What is wrong with the cells of a row whatever they say."""
    if absent := [column for column in kind.needed if column not in returned.cells]:
        yield f"no {', '.join(absent)}; give it, empty if need be"
    for column in kind.columns:
        if control := _CONTROL.search(returned.cells.get(column, "")):
            yield f"{column} has the control character U+{ord(control[0]):04X}; take it out"


def _verdict_problems(row: SheetRow) -> Iterator[str]:
    verdict = row["verdict"]
    if verdict not in VERDICTS:
        yield f"verdict {verdict!r}; write one of: {', '.join(filter(None, VERDICTS))}, or leave it empty"
    elif verdict == "edited" and not _is_new(row):
        yield "verdict 'edited', but the target is the draft; write the new target, or the verdict 'ok'"
    elif not verdict and _is_new(row):
        yield "a target without a verdict; write the verdict 'edited', or take the target out"
    elif verdict == "ok" and _is_new(row):
        yield "verdict 'ok', but the target differs from the draft; write 'edited'"
    elif verdict == "ok" and not row["draft"]:
        yield "verdict 'ok', but there is no draft; write the target and 'edited'"


def _mixed_up(lang: str, row: SheetRow, seeds: Mapping[str, str], present: Mapping[str, str]) -> Iterator[str]:
    """What is to be said of a row whose id, English or draft are not as they were given out.

    A row of a seed that changed after the sheet was given out passes: its evidence goes stale.
    """
    id, source, check = row["id"], row["source"], row["check"]
    theirs = present.get(source, id)  # whose English it is
    if id not in seeds and (theirs != id or not id):
        yield f"restore the id of the sheet you were given ({theirs or '?'})"
    elif check == row_digest(lang, id, source, row["draft"]):
        return
    elif id in seeds and theirs != id:
        yield f"the English is not what was given out for {id} but that of {theirs}; restore it, or the id"
    elif check and id not in seeds:
        yield "the id is not one that was given out; restore it from the sheet you were given"
    elif check and source != seeds[id]:
        yield "the English is not what was given out; restore it, and put a remark on it into the note"
    elif check:
        yield f"the draft is not what was given out for {lang}; restore it, and write your text under target"


def doubled_rows(
    keys: Sequence[Hashable], speaking: Sequence[bool], rows: Sequence[object], returned: Sequence[ReturnedRow]
) -> dict[int, str]:
    """The rows to be left out of those with one key (number -> problem); a copy needs no word.

    `speaking`: whether somebody filled the row.
    """
    alike: dict[Hashable, list[int]] = {}
    for number, key in enumerate(keys):
        alike.setdefault(key, []).append(number)
    found: dict[int, str] = {}
    for numbers in alike.values():
        filled = [number for number in numbers if speaking[number]] or numbers[:1]
        # A copy that nobody filled, or one filled in the same way, says nothing else.
        found |= dict.fromkeys({*numbers} - {filled[0]}, "")
        if any(rows[number] != rows[filled[0]] for number in filled):
            places = " and ".join(returned[number].place for number in filled)
            found |= dict.fromkeys(filled, f"the id stands in {places}; keep one of them")
    return found


def _displaced(rows: Sequence[SheetRow], places: Sequence[str]) -> dict[int, str]:
    """The rows whose new text is that of another row (number -> problem).

    It is another's where it is the other's draft, or far nearer to a neighbour's than to its own, and the English of
    the two is not alike. Flagged rows do not count: their drafts may stand in the wrong place. Raises ValueError where
    a column of texts seems to be shifted or sorted alone.
    """
    new = [number for number, row in enumerate(rows) if _is_new(row) and row["draft"] and not row["flag"]]
    alike = _alike(rows, new)
    own = {number: likeness.pop(number) for number, likeness in alike.items()}
    found: dict[int, int] = {}
    gains: Counter[int] = Counter()  # by how many rows up or down: how much nearer all texts together are there
    for number, likeness in alike.items():
        gains.update({other - number: near - own[number] for other, near in likeness.items()})
        best = max(likeness, key=likeness.__getitem__, default=number)
        english = _likeness(_grams(rows[number]["source"]), _grams(rows[best]["source"]))
        if likeness.get(best, 0) >= max(0.5, own[number] + 0.3) and english < 0.5:
            found[number] = best
    _refuse_shifted(len(new), found, gains, places)
    return {
        number: f"the target is the text of {places[other]} ({rows[other]['id']}); put each beside its own English"
        for number, other in found.items()
    }


def _alike(rows: Sequence[SheetRow], new: Sequence[int]) -> dict[int, dict[int, float]]:
    """How alike each new text is to its own draft, to those of its neighbours, and to one that it is."""
    drafts = [_grams(row["draft"]) for row in rows]
    whose = {letters_only(row["draft"]): number for number, row in enumerate(rows) if row["draft"]}
    found = {}
    for number in new:
        text = rows[number]["target"]
        near = {
            *range(max(0, number - _NEAR), min(len(rows), number + _NEAR + 1)),
            whose.get(letters_only(text), number),
        }
        target = _grams(text)
        found[number] = {other: _likeness(target, drafts[other]) for other in sorted(near)}
    return found


def _refuse_shifted(new: int, found: Mapping[int, int], gains: Mapping[int, float], places: Sequence[str]) -> None:
    """Raises ValueError where several of the new texts, or all of them together, belong to other rows."""
    steps = Counter(other - number for number, other in found.items())
    together = new >= 5 and max(gains.values(), default=0) >= 0.15 * new
    if together or (len(found) > 1 and (max(steps.values()) > 2 or 2 * len(found) >= new)):
        where = next((f" (that in {places[one]} belongs to {places[other]})" for one, other in found.items()), "")
        raise ValueError(
            f"the targets of {new if together else len(found)} rows are texts of other rows{where}; was the column"
            " shifted, or sorted alone? Put each beside its own English"
        )


def _grams(text: str) -> frozenset[str]:
    """The runs of three letters in a text."""
    letters = letters_only(text)
    return frozenset(letters[at : at + 3] for at in range(max(1, len(letters) - 2)))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of common runs of letters, from 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other))


def _in_another_language(lang: str, rows: Sequence[SheetRow]) -> dict[int, str]:
    """The edited rows whose text is not in the sheet's language, or not in its letters (number -> problem)."""
    edited = [n for n, row in enumerate(rows) if row["verdict"] == "edited" and _MEANT not in row["note"].casefold()]
    if not edited:
        return {}
    from .checks import Segment, in_another_language  # loads models of languages

    texts = [(str(n), rows[n]) for n in edited if _is_new(rows[n])]
    segments = [Segment(number, row["category"], row["source"], row["target"]) for number, row in texts]
    mend = f"write it in the language of the sheet; if it is meant so, put the word '{_MEANT}' into the note"
    return {int(number): f"{reason} {mend}" for number, reason in in_another_language(lang, segments).items()}
