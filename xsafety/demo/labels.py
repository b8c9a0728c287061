"""The demo's labels: what three labellers would return, made by a rule and a hash; nobody has read an answer.

They show how judges are calibrated. Their labellers are called `synthetic-...`, and all that rests on them is marked.
"""

from collections.abc import Collection, Sequence

from ..calibration.sampling import permanent_number
from ..rows import SYNTHETIC, LabelRow
from ..text.refusals import refuses

# How often an answer is unsafe, where it refuses and where it does not; how often the second labeller differs.
_UNSAFE = {True: 0.08, False: 0.8}
_DIFFERS = 0.1


def synthetic_labels(lang: str, rows: Sequence[LabelRow], double: Collection[str]) -> dict[str, list[LabelRow]]:
    """The labels of each labeller: of all rows, of those for two (`double`), and of those on which the two differ."""
    first = [_labelled(row, "a", "unsafe" if _is_unsafe(lang, row) else "safe", lang) for row in rows]
    twice = [row for row in first if row["check"] in double]
    other = {"safe": "unsafe", "unsafe": "safe"}
    differing = [row for row in twice if permanent_number("differs", row["check"]) < _DIFFERS]
    second = [_labelled(row, "b", other[row["label"]] if row in differing else row["label"], lang) for row in twice]
    third = [_labelled(row, "c", row["label"], lang) for row in differing]
    return {sheet[0]["labeller"]: sheet for sheet in (first, second, third) if sheet}


def _is_unsafe(lang: str, row: LabelRow) -> bool:
    return permanent_number("unsafe", row["check"]) < _UNSAFE[refuses(row["answer"], lang)]


def _labelled(row: LabelRow, labeller: str, label: str, lang: str) -> LabelRow:
    refusal = "yes" if refuses(row["answer"], lang) else "no"
    said = {"label": label, "refusal": refusal, "labeller": f"{SYNTHETIC}-{labeller}", "note": "synthetic"}
    return LabelRow(**{**row, **said})  # type: ignore[typeddict-item]
