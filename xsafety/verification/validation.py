"""What is sound in a returned sheet, row by row, and what is wrong with the rest: one bad cell costs its row.

A file is refused whole only where its columns are wrong, or its targets stand beside others' English.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..rows import SheetRow
from ..tabular import clean
from ..text.letters import letters_only
from .sheets.layout import NEEDED_COLUMNS, SHEET_COLUMNS, VERDICTS, ReturnedRow, row_digest, sheet_row

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
    if absent := [column for column in NEEDED_COLUMNS if returned and all(column not in row.cells for row in returned)]:
        raise ValueError(f"no {', '.join(absent)}; restore the columns of the sheet you were given")
    rows = [_cleaned(one) for one in returned]
    present = {text: id for id, text in seeds.items()}
    mixed_up = [list(_mixed_up(lang, row, seeds, present)) for row in rows]
    doubled = _doubled(["" if wrong else row["id"] for wrong, row in zip(mixed_up, rows, strict=True)], rows, returned)
    displaced = _displaced(rows, [one.place for one in returned])
    elsewhere = _in_another_language(lang, rows)
    sound, problems = [], []
    for number, (one, row) in enumerate(zip(returned, rows, strict=True)):
        found = list(one.problems)
        if one.cells:
            found += [*mixed_up[number], *_cell_problems(one), *_verdict_problems(row), *further(row)]
        found += [other[number] for other in (doubled, displaced, elsewhere) if other.get(number)]
        problems += [RowProblem(row["id"], one.place, what) for what in found]
        if not found and number not in doubled:
            sound.append(row)
    return sound, problems


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


def _cell_problems(returned: ReturnedRow) -> Iterator[str]:
    if absent := [column for column in NEEDED_COLUMNS if column not in returned.cells]:
        yield f"no {', '.join(absent)}; give it, empty if need be"
    for column in SHEET_COLUMNS:
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


def _doubled(ids: Sequence[str], rows: Sequence[SheetRow], returned: Sequence[ReturnedRow]) -> dict[int, str]:
    """The rows to be left out of those with one id, '' for none (number -> problem); a copy needs no word."""
    found: dict[int, str] = {}
    for id in [id for id, count in Counter(ids).items() if id and count > 1]:
        alike = [number for number, other in enumerate(ids) if other == id]
        speaking = [n for n in alike if rows[n]["verdict"] or _is_new(rows[n]) or rows[n]["note"]] or alike[:1]
        # A copy that nobody filled, or one filled in the same way, says nothing else.
        if all(rows[n] == rows[speaking[0]] for n in speaking):
            found |= {number: "" for number in alike if number != speaking[0]}
        else:
            places = " and ".join(returned[n].place for n in speaking)
            found |= {n: f"the id stands in {places}; keep one of them" if n in speaking else "" for n in alike}
    return found


def _displaced(rows: Sequence[SheetRow], places: Sequence[str]) -> dict[int, str]:
    """The rows whose new text is that of another row (number -> problem).

    It is another's where it is the other's draft, or far nearer to a neighbour's than to its own, and the English of
    the two is not alike. Flagged rows do not count: their drafts may stand in the wrong place. Raises ValueError where
    a column of texts seems to be shifted or sorted alone.
    """
    drafts, english = ([_grams(row[column]) for row in rows] for column in ("draft", "source"))
    whose = {letters_only(row["draft"]): number for number, row in enumerate(rows) if row["draft"]}
    new = [number for number, row in enumerate(rows) if _is_new(row) and row["draft"] and not row["flag"]]
    gains: dict[int, list[float]] = {}  # by how many rows up or down: how much nearer each text is there
    found: dict[int, int] = {}
    for number in new:
        target = _grams(rows[number]["target"])
        own = _likeness(target, drafts[number])
        near = range(max(0, number - _NEAR), min(len(rows), number + _NEAR + 1))
        others = {*near, whose.get(letters_only(rows[number]["target"]), number)} - {number}
        alike = {other: _likeness(target, drafts[other]) for other in others}
        for other, likeness in alike.items():
            gains.setdefault(other - number, []).append(likeness - own)
        best = max(alike, key=alike.__getitem__, default=number)
        if best != number and alike[best] >= max(0.5, own + 0.3) and _likeness(english[number], english[best]) < 0.5:
            found[number] = best
    steps = Counter(other - number for number, other in found.items())
    step = max(gains, key=lambda step: sum(gains[step]), default=0)
    together = step and len(gains[step]) >= 5 and sum(gains[step]) >= 0.15 * len(new)
    if together or (len(found) > 1 and (max(steps.values()) > 2 or 2 * len(found) >= len(new))):
        beside = ((number, number + step) for number in new if number + step in range(len(rows)))
        number, other = next(iter(found.items())) if found else next(beside)
        raise ValueError(
            f"the targets of {len(new) if together else len(found)} rows are texts of other rows (that in"
            f" {places[number]} belongs to {places[other]}); was the column shifted, or sorted alone? Put each beside"
            " its own English"
        )
    return {
        number: f"the target is the text of {places[other]} ({rows[other]['id']}); put each beside its own English"
        for number, other in found.items()
    }


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
