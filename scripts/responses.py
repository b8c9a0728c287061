"""Files one model's responses to one language under one prompting method, from the journal."""

from itertools import tee
from pathlib import Path

from xsafety.asking.receipt import journalled_answers, read_receipt
from xsafety.categories import read_about
from xsafety.cli import call
from xsafety.config.models import ReasoningMarks
from xsafety.config.prompting import PromptingMethod
from xsafety.generation.responses import model_requests, response_rows
from xsafety.rows import Query, Response, in_cell
from xsafety.tabular import rows_in, write_rows


def main(
    *,
    queries: Path,
    about: Path,
    journal: Path,
    receipt: Path,
    part: str,
    model: str,
    prompting: PromptingMethod,
    reasoning: ReasoningMarks | None,
    out: Path,
) -> None:
    asked = read_receipt(receipt)
    rows, again = tee(rows_in(queries, Query))
    requests = model_requests(asked["identity"], prompting, part, again, read_about(about).categories)
    answers = journalled_answers(requests, journal, part, receipt, asked)
    responses = response_rows(rows, answers, reasoning.marks() if reasoning else None)
    write_rows(out, Response, in_cell(responses, model=model, prompting=part.partition("/")[0]))


if __name__ == "__main__":
    call(main)
