"""The nouns of the domain: what one row of each file is, declared once; a file's columns are the keys of its noun."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, NotRequired, Required, TypedDict, TypeVar, cast

ALL = "All"  # in tables: all models, languages or categories together

RELEASE_REVIEWER = "xsafety-release"  # stands for the translators of the XSafety release
REVIEWER_NAME = "[A-Za-z0-9][A-Za-z0-9_-]*"  # a regular expression
UNNAMED = "YOURNAME"  # stands for a reviewer's name where a file to fill is named

ReviewVerdict = Literal["ok", "edited", "rejected", "unsure", "skip"]
DECIDING: tuple[ReviewVerdict, ...] = ("ok", "edited", "rejected")

VerdictClass = Literal["safe", "unsafe", "invalid", "failed", "benign"]
"""What a verdict on a response comes to; `benign`: to a query that should be answered, of which no harm is judged."""
Tie = Literal["unsafe", "safe", "invalid"]  # the verdict where as many judges say one as the other
ChoiceOutcome = Literal["right", "wrong", "invalid", "refusal", "failed"]
Expected = Literal["refusal", "answer"]  # what a model should do with a query; `answer`: the query is benign
AnswerStatus = Literal["answered", "blocked", "too_long", "rejected", "cut_off", "failed"]
"""`failed`: there is no answer yet, for a reason that may pass; it is asked for again."""
AnswerLabel = Literal["safe", "unsafe", "invalid", "unsure", "skip"]  # what a person says of an answer
DECIDED: tuple[AnswerLabel, ...] = ("safe", "unsafe", "invalid")  # the others leave it to somebody else
SYNTHETIC = "synthetic"  # how the names of labellers begin who are no people; all that rests on them says so
Basis = Literal["source", "verified", "unverified draft"]  # what the text of a query rests on
YesNo = Literal["yes", "no"]

LanguageState = Literal[
    "source", "bad sheet", "verified", "rejected", "stale", "spot check", "in review", "no drafts", "drafted"
]
"""Where the verification of a language stands."""


GivenRow = TypeVar("GivenRow", bound=Mapping[str, Any])


class OfSeed(TypedDict, total=False):
    """What the rows that are made of a seed say of it; those of older versions say no data set."""

    dataset: str  # the name of the source that it is from, or the kind of the only one
    group: str  # where it is one of several variants: what they have in common
    expected: Literal["answer"]  # the query is benign: it should be answered


class OfLanguage(TypedDict):
    """What a row of a file that is of one language says of it; those of older versions, here and below, do not."""

    lang: NotRequired[str]


class OfModel(TypedDict):
    """What a row of a file that is of one model's answers says of them."""

    model: NotRequired[str]


class OfJudge(TypedDict):
    """What a row of a file that is of one judge says of it."""

    judge: NotRequired[str]


def in_cell(rows: Iterable[GivenRow], **cell: str) -> Iterator[GivenRow]:
    """Rows that say where they are from: of what model, prompting method, judge or language they are."""
    return ({**row, **cell} for row in rows)  # type: ignore[misc]


def of_seed(row: OfSeed) -> OfSeed:
    """What a row says of its seed, for the rows that are made of it."""
    return cast(OfSeed, {key: value for key, value in row.items() if key in OfSeed.__annotations__})


class _SeedText(TypedDict):
    id: str
    category: str
    text: str


class Seed(_SeedText, OfSeed, total=False):
    """A seed query, in the language of the seeds."""

    unsafe_options: str  # of queries with options: their letters, which an answer is asked for


class Repair(TypedDict):
    """One reason why a row of a data set was changed or looks wrong; `row` is its record's number in `file`, from 1."""

    lang: str
    id: str
    file: str
    row: int
    kind: str
    reason: str


class GivenText(TypedDict):
    """A translation that came along with a data set; `status` says who made it, as the data set's block does."""

    lang: str
    id: str
    source: str
    text: str
    status: Literal["human", "machine", "unknown"]
    by: str
    date: str
    sha256: str  # of the file that it stands in, or the revision on the hub


class Draft(TypedDict):
    """A machine translation of a seed; where there is none, `status` says why."""

    id: str
    source: str
    draft: str
    engine: str
    status: str


class MadeDraft(OfLanguage, Draft):
    """A draft as a run has it."""


class Evidence(OfLanguage):
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


class SheetRow(TypedDict):
    """A row of a review sheet, all texts; `check` is a digest of what reviewers must not change."""

    id: str
    category: str
    source: str
    draft: str
    target: str
    verdict: str
    reviewer: str
    date: str
    note: str
    context: str  # whom the row waits for, or what was there before
    previous: str  # its former English
    flag: str  # what looked odd
    check: str


class MergedRow(SheetRow):
    """A row of a merged file; `state` is 'verified' or 'rejected' where it waits for nobody."""

    state: str


class PageRow(TypedDict):
    """What every row on a page in the browser has."""

    id: str
    category: str
    check: str  # a digest of what the answer to a row belongs to


class ShownRow(PageRow):
    """What the page in the browser shows of a row, and keeps beside the answers to it."""

    source: str
    draft: str
    context: str
    previous: str
    flag: str


class PageQueue(TypedDict):
    """What a page in the browser needs of a language and of what it asks."""

    lang: str
    name: str
    autonym: str
    direction: str
    about: list[str]
    categories: dict[str, tuple[str, str]]  # key -> name and meaning


class ReviewQueue(PageQueue):
    """What the page in the browser needs of one reviewer's round in one language."""

    spaced: bool
    reviewer: str
    round: int
    rows: list[SheetRow]
    verdicts: list[tuple[str, str]]  # each with its meaning


class WeblateRow(TypedDict):
    """What a person decided in Weblate, as a row of a returned sheet; `weblate` has the numbers of its changes."""

    id: str
    source: str
    draft: str
    target: str
    verdict: str
    date: str
    note: str
    weblate: str
    check: str


class Shortfall(TypedDict):
    """Why a round is not the last: too many of its rows were changed, or too few passed the spot check after it."""

    test: Literal["modification rate", "spot check"]
    round: int
    rows: int  # changed, or passed
    of: int
    limit: float


class Todo(TypedDict):
    """What somebody has to do for a language."""

    who: Literal["translator", "reviewer", "decider", "other reviewer", "returner"]
    rows: int
    round: NotRequired[int]  # a reviewer's
    names: NotRequired[list[str]]  # who decided them before; of those who differ; of those who leave it to others
    reason: NotRequired[str]  # why a row has no draft
    spot_check: NotRequired[int]  # how many rows are in it
    shortfall: NotRequired[Shortfall]  # for which there is one more round


class Readiness(TypedDict):
    """Where the verification of a language stands, how many of its rows are used, and what waits for whom."""

    lang: str
    rows: int
    verified: int
    drafted: int
    in_review: int  # of those drafted
    stale: int
    rejected: int
    missing: int
    used: int
    basis: Basis | Literal[""]
    state: LanguageState
    ready: YesNo
    round: int  # that it is in
    passed: int  # rows that passed that
    rounds: int  # of proofreading, that every row needs
    modification_rates: dict[str, float]  # by round
    sampled: int  # for the spot check
    inspected: int
    unchanged: int  # of those inspected
    waits_for: list[Todo]
    sheet_round: int  # for which sheets are given out; 0: for none
    returned: YesNo  # whether anybody returned a sheet for that round


class Status(Readiness):
    """A row of the review status: readiness, and the files that it is about."""

    sheet: str  # path of the sheets to fill, without suffix
    reviews: str  # folder of the language's returned sheets
    problems: str  # file that lists what is wrong with these


class Check(OfLanguage):
    """What the machine checks say of one translation."""

    id: str
    flagged: YesNo
    score: str
    checks: str
    reasons: str


class _Asked(OfSeed):
    id: str
    lang: str
    category: str
    source: str
    query: str


class Query(_Asked):
    """A row of the data set in one language: `source` is the seed, `query` what models are asked."""

    basis: Basis
    origin: str
    rounds: int


Provenance = Literal["source", "human", "human-verified", "human-post-edited", "as-released", "in-review", "machine"]
"""What a released text rests on; the last two are unverified."""


class ReleaseRow(TypedDict):
    """A row of a released data set; its card says of each column what is said here."""

    id: Annotated[str, "the seed's, the same in all languages"]
    group: Annotated[str, "rows that are translations or variants of one another have one"]
    source_dataset: Annotated[str, "where the seed is from"]
    category: Annotated[str, "key of the safety issue"]
    category_label: Annotated[str, "its name"]
    expected: Annotated[Expected, "what a model should do: `refusal`, or `answer` where the query is benign"]
    lang: Annotated[str, "BCP 47 tag of the text"]
    text: Annotated[str | None, "the query"]
    source_lang: Annotated[str, "BCP 47 tag of the seed"]
    source_text: Annotated[str | None, "the seed"]
    verification: Annotated[
        Provenance,
        "what the text rests on: `source`, the seed itself; `human`, written by a person; `human-verified`, a draft"
        " that people left as it is; `human-post-edited`, one that they changed; `as-released`, a translation that came"
        " with the seeds; `in-review`, decided on by people, but not as often as asked for; `machine`, a draft that"
        " nobody decided on",
    ]
    rounds: Annotated[int, "rounds of proofreading that it passed"]
    date: Annotated[str | None, "of the last verdict on it"]
    reviewers: Annotated[list[str], "who decided on it, under pseudonyms, each of one language"]
    drafted_by: Annotated[str | None, "engine of its machine draft, where that is known"]
    engine_licence: Annotated[str | None, "terms of that engine"]
    licence: Annotated[str, "SPDX identifier of the source's licence"]
    text_sha256: Annotated[str, "SHA-256 of the text in UTF-8"]
    canary: Annotated[str, "marks the row: whoever finds it in a model's training data knows where that is from"]


class ReleasedResponse(TypedDict):
    """A model's answer in a release."""

    id: Annotated[str, "of the query"]
    source_dataset: Annotated[str, "where the seed is from"]
    category: Annotated[str, "key of the safety issue"]
    expected: Annotated[Expected, "what a model should do: `refusal`, or `answer` where the query is benign"]
    lang: Annotated[str, "BCP 47 tag of the query"]
    model: Annotated[str, "its name, as in provenance.json"]
    prompting: Annotated[str, "name of the prompting method"]
    sample: Annotated[int, "number of the answer, of several to one query"]
    status: Annotated[AnswerStatus, "`answered`, or why there is no answer, or only the beginning of one"]
    response: Annotated[str | None, "the answer; nothing where answers are redacted"]
    digest: Annotated[
        str, "SHA-256 of query and answer, a zero byte between them, in NFC and without white space around"
    ]
    canary: Annotated[str, "marks the row"]


class ReleasedVerdict(TypedDict):
    """A judge's verdict on an answer in a release."""

    id: Annotated[str, "of the query"]
    lang: Annotated[str, "BCP 47 tag of the query"]
    model: Annotated[str, "that answered"]
    prompting: Annotated[str, "name of the prompting method"]
    sample: Annotated[int, "number of the answer, of several to one query"]
    digest: Annotated[str, "of query and answer, as in the responses"]
    judge: Annotated[str, "its name, as in provenance.json"]
    verdict: Annotated[
        VerdictClass,
        "`safe` or `unsafe`; `invalid` where the answer or what the judge says is none; `failed` where either is"
        " missing; `benign` where the query should be answered, so that no harm is judged",
    ]
    refusal: Annotated[bool | None, "whether the answer refuses, by the phrases of its language; nothing without these"]
    label: Annotated[str, "the judge's own word for what it found"]
    categories: Annotated[list[str], "and for what is unsafe about it"]
    confidence: Annotated[
        float | None, "probability of the label among the judge's labels; nothing where none was read"
    ]
    judge_output: Annotated[str | None, "what the judge said; nothing where answers are redacted"]
    canary: Annotated[str, "marks the row"]


class ReleasedLabel(TypedDict):
    """What a person said of an answer, in a release."""

    lang: Annotated[str, "BCP 47 tag of the query"]
    category: Annotated[str, "key of the safety issue"]
    digest: Annotated[str, "of query and answer, as in the responses"]
    sample: Annotated[str, "name of the sample that the answer was drawn in; `explore`: somebody picked it"]
    labeller: Annotated[str, "who said it, under a pseudonym, of one language"]
    date: Annotated[str, "when"]
    label: Annotated[AnswerLabel, "`safe`, `unsafe`, `invalid`; `unsure` and `skip` leave it to others"]
    refusal: Annotated[YesNo | Literal[""], "whether the answer refuses"]
    synthetic: Annotated[YesNo, "whether a program said it, and no person"]
    canary: Annotated[str, "marks the row"]


ReleaseChangeKind = Literal["added", "dropped", "category moved", "text edited", "verified since", "no longer verified"]


class ReleaseChange(TypedDict):
    """What is otherwise in a row of a release than in an older one; `before` and `after` are texts, or what it says."""

    lang: str
    id: str
    change: ReleaseChangeKind
    before: str
    after: str


class ShuffledQuery(Query):
    """A query with its options in another order, under an id of its own."""

    options: list[str]  # in the order asked, without labels
    unsafe: str  # the letters of those that are unsafe


class LeftOut(TypedDict):
    """A query with options that is not asked as a choice."""

    lang: str
    id: str
    reason: str


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
    quantisation: dict[str, Any]  # as transformers takes it
    chat_template: str  # the digest of the file, where it is not the model's own
    endpoint: str
    template_fields: dict[str, str]  # what the chat template of a judge in process is given beside the messages
    labels: list[str]  # of a judge in process, read by its classes, or off the probabilities of the next token
    lead: str  # of one that is read so: what stands before the label
    server: str  # where it is asked, if that is not where the journal's answers come from


class TranslatorIdentity(Identity, total=False):
    """All that decides a translation beside the text and the two languages."""

    prompt: str  # of a model that is asked in words
    family: str  # of another one, which says how it is told the languages


class JournalAnswer(TypedDict):
    """An answer as the journal keeps it; `more` are further ones to the same request. Of a service, only `text`."""

    text: str
    status: AnswerStatus
    finish_reason: str
    detail: str
    usage: NotRequired[dict[str, int] | None]
    reasoning: NotRequired[str]
    confidence: NotRequired[float]  # of a judge whose probabilities were read: that of its label among the labels
    more: NotRequired["list[JournalAnswer]"]


class _Given(_Asked, OfModel):
    prompting: NotRequired[str]


class Response(_Given):
    """One answer of a model; `sample` counts the answers to one query from 1."""

    sample: int
    response: str
    reasoning: NotRequired[str]
    status: AnswerStatus
    finish_reason: str
    detail: str


def row_name(response: "Response | Verdict") -> str:
    """The name of one response to a query: the query's id, and from the second response on its number."""
    return response["id"] if response["sample"] == 1 else f"{response['id']}#{response['sample']}"


class English(OfModel, OfLanguage):
    """The English translation of a response, None where there is none and `detail` says why; `id` is `row_name`."""

    prompting: NotRequired[str]
    id: str
    english: str | None
    query: NotRequired[str]  # the query in English, where the seed is in another language
    detail: str
    failed: bool  # so that it is asked for again


class Verdict(_Given, OfJudge):
    """A judge's verdict on a response. `refusal` is None where no refusal can be told."""

    sample: int
    response: str
    reasoning: NotRequired[str]  # the beginning of it, for the report
    verdict: VerdictClass
    reason: str
    refusal: bool | None
    label: str  # the judge's own word for what it found
    categories: list[str]  # and for what is unsafe about it
    judge_output: str
    confidence: NotRequired[float]  # of the label among the judge's labels, where its probabilities were read


class Choice(OfSeed, OfJudge, OfModel):
    """What an answer to a shuffled query chose; `right` is an option that is unsafe, which the query asks for."""

    prompting: str
    lang: str
    id: str
    sample: int
    options: int
    unsafe: str  # letters
    chosen: str  # the letter, empty without a choice
    outcome: ChoiceOutcome
    reason: str  # why it is invalid, or failed
    response: str


class Example(Verdict):
    """A verdict that the report shows."""


class Drawn(TypedDict):
    """An answer in a sample for labellers, and how it came into it; among the distinct answers in one language.

    A stratum is all valid answers of one model on which the judge gave one verdict. In it each answer had the
    probability `taken` / `size`.
    """

    digest: str  # of query and answer
    seed: int  # one for all samples of a language, or the probabilities of two samples could not be put together
    judge: str
    model: str
    verdict: VerdictClass
    size: int
    taken: int
    double: YesNo  # whether two people are to label it


class LabelRow(TypedDict):
    """A row of a label sheet, all texts. It says nothing of model, method, judge or verdict."""

    id: str  # the beginning of `check`
    category: str
    query: str
    answer: str
    query_english: str  # empty where there is none, or where it is English
    answer_english: str
    label: str
    refusal: str  # yes or no
    labeller: str
    date: str
    note: str
    check: str  # the digest of query and answer, which labellers must not change


class ShownLabelRow(PageRow):
    """What the page in the browser shows of an answer, and keeps beside its labels."""

    query: str
    answer: str
    query_english: str
    answer_english: str


class LabelQueue(PageQueue):
    """What the page in the browser needs of the answers of a language that wait for a labeller.

    In `categories`, the meaning is what makes an answer unsafe.
    """

    labeller: str
    sample: int  # the latest
    rows: list[LabelRow]
    labels: list[tuple[str, str]]  # each with its meaning
    refusals: list[tuple[str, str]]


class Label(OfLanguage):
    """What one labeller said of one answer, in any sample."""

    digest: str  # of query and answer
    category: str
    sample: str
    labeller: str
    date: str
    label: AnswerLabel
    refusal: YesNo | Literal[""]
    query: str
    answer: str
    note: str
    sha256: str  # of the file that the labeller returned


class LabelledAnswer(OfLanguage):
    """An answer on which the labellers are done: its label, and how likely it was to be drawn."""

    digest: str
    category: str
    label: AnswerLabel  # one of DECIDED
    refusal: YesNo | Literal[""]
    labellers: int
    probability: float  # the largest of all samples; 1 of an answer that is in none
    synthetic: YesNo


class LabelAgreement(TypedDict):
    """How far labellers agree in a language, on a question: `label` or `refusal`. Texts as in a file, empty: undefined.

    A row for every pair of labellers with answers in common, and first one for all of them together.
    """

    lang: str
    question: str
    labellers: str
    answers: int  # that two or more of them decided
    agree: str  # in what percentage of their pairs
    kappa: str  # Cohen's, of two labellers, with its interval (95%)
    lower: str
    upper: str
    ac1: str  # Gwet's
    alpha: str  # Krippendorff's, nominal


class JudgeQuality(OfJudge):
    """How good a judge is in a language by labels of people, and its rate corrected by these; of the first prompting
    method, in the categories of the main table.

    Shares are in percent, texts as in a file, empty where they are undefined; each but `raw` rests on labels alone.
    """

    lang: str
    model: str  # or All: the mean of the models
    prompting: str
    answers: int  # on which the judge gave a valid verdict
    raw: str  # how many of these it calls unsafe, as in the judge's rates
    raw_lower: str
    raw_upper: str
    corrected: str  # empty unless `status` is 'corrected'
    corrected_lower: str
    corrected_upper: str
    people: str  # what people call unsafe of the sample, weighed, whatever the judge says
    people_lower: str
    people_upper: str
    labels: int  # of people, safe or unsafe, on different ones of these answers: tp + fp + fn + tn
    tp: int  # unsafe by judge and people
    fp: int  # unsafe by the judge alone
    fn: int  # unsafe by people alone
    tn: int
    invalid: int  # further labels, which call the answer invalid
    stale: int | None  # labels on answers that are none of the present ones; None of a single model
    sensitivity: str  # of what people call unsafe, so much the judge does
    sensitivity_lower: str
    sensitivity_upper: str
    specificity: str  # of what people call safe, so much the judge does
    specificity_lower: str
    specificity_upper: str
    ppv: str  # of what the judge calls unsafe, so much people do
    ppv_lower: str
    ppv_upper: str
    false_omission: str  # of what the judge calls safe, so much people call unsafe
    false_omission_lower: str
    false_omission_upper: str
    kappa: str  # Cohen's, of judge and people; no percentage
    kappa_lower: str
    kappa_upper: str
    synthetic: YesNo  # whether any of these labels is
    status: str  # 'corrected', or why nothing is


class JudgePair(TypedDict):
    """How far two judges agree in a language; of all models, first prompting method, main table."""

    lang: str
    judge: str
    other: str
    answers: int  # on which both gave a valid verdict
    both_unsafe: int
    judge_unsafe: int  # and the other says safe
    other_unsafe: int
    both_safe: int
    agree: str  # percent of the answers, with its interval by seed
    lower: str
    upper: str
    kappa: str  # Cohen's; empty where both say one thing alone
    ac1: str  # Gwet's, which does not fall where nearly all is safe


class Count(OfJudge):
    """The verdicts on one cell, counted: n = safe + unsafe + invalid + failed. `refusal` is as in a verdict."""

    model: str
    prompting: str
    lang: str
    category: str
    n: int
    safe: int
    unsafe: int
    invalid: int
    failed: int
    refusal: int | None


class SeedCount(OfJudge, OfModel):
    """The answers to one seed in one language under one prompting method, counted over samples: one row per seed.

    answers = safe + unsafe + invalid + failed, but of a benign query, where only `failed` is counted of these. What
    follows them is counted among the rows that did not fail.
    """

    prompting: str
    lang: str
    category: str
    id: str
    expected: Expected
    answers: int
    safe: int
    unsafe: int
    invalid: int
    failed: int  # there is no verdict yet, for a reason that may pass
    refusal: int | None  # None where no refusal can be told
    blocked: int  # by the provider
    empty: int  # answers without a visible character
    cut_off: int  # answers that ended at the limit of their length
    off_language: int  # answers surely in another language than the query
    undetermined: int  # answers whose language cannot be told: few letters, or none


class AnswerLanguage(OfModel):
    """The language that an answer is in, as a base tag; empty where it cannot be told."""

    prompting: str
    lang: str  # of the query
    id: str
    sample: int
    found: str


class LanguageCount(TypedDict):
    """How many of a model's answers to queries in one language came back in which; `found` as in `AnswerLanguage`."""

    model: str
    prompting: str
    lang: str
    found: str
    answers: int
    share: str  # percent, of the answers whose language can be told


class TwoSided(OfJudge):
    """Both ways to be wrong, side by side: unsafe answers to harmful queries, and refusals of benign ones; percent."""

    model: str
    prompting: str
    lang: str
    unsafe: str
    unsafe_lower: str
    unsafe_upper: str
    over_refusal: str
    over_refusal_lower: str
    over_refusal_upper: str


class RateEstimate(OfJudge):
    """A rate with its interval, in percent; texts as in a file, empty where there is none, as `why` says."""

    model: str  # or All: the mean of the models
    prompting: str
    lang: str  # or Ave: the mean of the languages but English
    category: str  # or All, or all of the main table
    outcome: str
    seeds: int  # that have a valid answer
    answers: int
    valid: int  # those that the rate is of
    rate: str
    lower: str
    upper: str
    lowest: str  # of all answers, with those that are not valid taken as not so
    highest: str  # and as so
    n_eff: str
    method: str
    basis: str  # what the queries of the language rest on
    why: str  # there is no rate, or what an average is without


class ChoiceRate(OfJudge):
    """The choices of a model in a language, counted; answers = right + wrong + invalid + refusal + failed.

    Numbers in percent are texts as in a file, empty where there is none, as `why` says.
    """

    model: str
    prompting: str
    lang: str
    rows: Literal["common", "all"]  # the queries that all languages have, or all of this one
    queries: int
    answers: int
    right: int
    wrong: int
    invalid: int
    refusal: int
    failed: int
    rate: str  # of right ones among the answers that did not fail
    lower: str
    upper: str
    chance: str  # what the rate of an answer at random would be
    chosen_A: int
    chosen_B: int
    chosen_C: int
    chosen_D: int
    chosen_E: int
    why: str


class Comparison(OfJudge):
    """A difference of two rates over the same seeds, in points, `lang` or `model` or `prompting` minus `against`."""

    family: str
    model: str
    prompting: str
    lang: str
    against: str
    category: str
    outcome: str
    pairs: int  # seeds that are valid in both
    lost: int  # seeds that were answered in both and are not valid in both
    discordant: int  # pairs that differ
    difference: str
    lower: str
    upper: str
    test: str
    p: str
    p_adjusted: str
    adjustment: str
    tests: int  # in the family
    detectable: str  # with a power of 80%, as the first of its family by Holm
    why: str  # there is no difference, or what an average is without


class RunChange(TypedDict):
    """What is otherwise in a file of verdicts than in that of an older run; rates in percent, of the rows in both."""

    judge: str
    model: str
    prompting: str
    lang: str
    rows: int  # in both
    gone: int
    new: int
    unsafe_before: str
    unsafe_now: str
    difference: str
    lower: str
    upper: str
    p: str
    to_unsafe: int  # rows whose verdict is another now
    to_safe: int
    to_other: int
    query_edited: int  # rows of both by the first thing that is not as it was, whether the verdict is another or not
    failed_now: int
    other_answer: int
    other_verdict: int
    why_gone: str  # in how many rows for which reason


class TaggedVerdict(TypedDict):
    """What a tag keeps of a verdict, by which is told whether it changed later, and why; of texts, digests."""

    id: str
    sample: int
    category: str
    verdict: VerdictClass
    query: str
    response: str


WhyGone = Literal[
    "judge removed",  # from the configuration
    "model removed",
    "prompting method removed",
    "language removed",  # from the configuration, or from those of the model
    "query withdrawn",  # from the data set
    "language not evaluated",  # it waits for people
    "query not verified",  # any more, or its translation is missing
    "fewer answers asked",  # of the model, to each query
    "no verdict yet",
]


class _OlderRow(TypedDict):
    """A row of an older run, and its verdict there."""

    judge: str
    model: str
    prompting: str
    lang: str
    id: str
    sample: int
    category: str
    before: VerdictClass


class GoneRow(_OlderRow):
    """A row of an older run that has no verdict now."""

    why: WhyGone


class Flip(_OlderRow):
    """A row whose verdict is another than in an older run."""

    now: VerdictClass
    why: str


class Usage(TypedDict):
    """What asking took, by language; tries only of all languages together; no times, which differ."""

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


class TimeSpent(TypedDict):
    """How long asking took."""

    stage: str
    name: str
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
    redact: bool  # whether queries and answers are left out
    rows_at: str | None  # the address of the page on all rows
