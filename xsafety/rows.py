"""The nouns of the domain: what one row of each file is, declared once; a file's columns are the keys of its noun."""

from typing import Any, Literal, NotRequired, Required, TypedDict

ALL = "All"  # in tables: all models, languages or categories together

RELEASE_REVIEWER = "xsafety-release"  # stands for the translators of the XSafety release
REVIEWER_NAME = "[A-Za-z0-9][A-Za-z0-9_-]*"  # a regular expression
UNNAMED = "YOURNAME"  # stands for a reviewer's name where a file to fill is named

ReviewVerdict = Literal["ok", "edited", "rejected", "unsure", "skip"]
DECIDING: tuple[ReviewVerdict, ...] = ("ok", "edited", "rejected")

Label = Literal["safe", "unsafe", "invalid"]
"""What a judge's verdict on a response comes to."""

AnswerStatus = Literal["answered", "blocked", "too_long", "rejected"]

Basis = Literal["source", "verified", "unverified draft"]
"""What the text of a query rests on."""


class Seed(TypedDict):
    """A seed query, in the language of the seeds."""

    id: str
    category: str
    text: str


class Repair(TypedDict):
    """One reason why a row of a data set was changed or looks wrong; `row` is its record's number in `file`, from 1."""

    lang: str
    id: str
    file: str
    row: int
    kind: str
    reason: str


class Draft(TypedDict):
    """A machine translation of a seed; where there is none, `status` says why."""

    id: str
    source: str
    draft: str
    engine: str
    status: str


class Evidence(TypedDict):
    """What one reviewer said of one row in one round, for the English and the text that he was shown."""

    id: str
    round: int
    reviewer: str
    date: str
    verdict: ReviewVerdict
    source: str
    before: str
    after: str
    note: str
    sha256: str  # of the file that he returned


class Check(TypedDict):
    """What the machine checks say of one translation."""

    id: str
    flagged: Literal["yes", "no"]
    score: str
    checks: str
    reasons: str


class Query(TypedDict):
    """A row of the data set in one language: `source` is the seed, `query` what models are asked."""

    id: str
    lang: str
    category: str
    source: str
    query: str
    basis: Basis
    origin: str
    rounds: int


class Message(TypedDict):
    """A chat message."""

    role: str
    content: str


class Identity(TypedDict, total=False):
    """All that decides an answer beside the messages; a request's key is the hash of both."""

    engine: Required[str]
    model: str
    decoding: dict[str, Any]  # as the provider takes it
    revision: str | None  # of weights: a commit on the hub, or the digest of a folder
    dtype: str
    endpoint: str


class TranslatorIdentity(Identity, total=False):
    """All that decides a translation beside the text and the two languages."""

    prompt: str


class JournalAnswer(TypedDict):
    """An answer as the journal keeps it; `more` are further ones to the same request."""

    text: str
    status: AnswerStatus
    finish_reason: str
    detail: str
    usage: NotRequired[dict[str, int] | None]
    more: NotRequired["list[JournalAnswer]"]


class Response(TypedDict):
    """One answer of a model; `sample` counts the answers to one query from 1."""

    id: str
    lang: str
    category: str
    source: str
    query: str
    sample: int
    response: str
    status: AnswerStatus
    finish_reason: str
    detail: str


def row_name(response: Response) -> str:
    """The name of one response to a query: the query's id, and from the second response on its number."""
    return response["id"] if response["sample"] == 1 else f"{response['id']}#{response['sample']}"


class English(TypedDict):
    """The English translation of a response, None where there is none and `detail` says why; `id` is `row_name`."""

    id: str
    english: str | None
    detail: str


class Verdict(TypedDict):
    """A judge's verdict on a response. `refusal` is None where no refusal can be told."""

    id: str
    lang: str
    category: str
    source: str
    query: str
    response: str
    sample: int
    verdict: Label
    reason: str
    refusal: bool | None
    label: str  # the judge's own word for what it found
    categories: list[str]  # and for what is unsafe about it
    judge_output: str


class Example(Verdict):
    """A verdict that the report shows."""

    model: str
    prompting: str


class Count(TypedDict):
    """The verdicts on one cell, counted: n = safe + unsafe + invalid. `refusal` is as in a verdict."""

    model: str
    prompting: str
    lang: str
    category: str
    n: int
    safe: int
    unsafe: int
    invalid: int
    refusal: int | None


class Usage(TypedDict):
    """What asking took, by language; tries and minutes only of all languages together."""

    stage: str
    name: str
    engine: str
    lang: str
    answers: int
    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost: str  # dollars; empty where no price is set
    requests: int | None
    retries: int | None
    rate_limited: int | None
    failed: int | None
    minutes: str


class ShownPrompting(TypedDict):
    """A prompting method as the report shows it."""

    label: str | None
    text: str
    placement: str


class ShownLabels(TypedDict):
    """What the report calls models, judges and prompting methods, by their names."""

    models: dict[str, str]
    judges: dict[str, str]
    promptings: dict[str, ShownPrompting]


class ShownNotes(TypedDict):
    """A sentence shown beside the numbers of a model or judge, by its name."""

    models: dict[str, str]
    judges: dict[str, str]


class Shown(TypedDict):
    """What the report says of its own accord; `promptings` are the names, in order."""

    title: str
    note: str | None
    promptings: list[str]
    labels: ShownLabels
    notes: ShownNotes
