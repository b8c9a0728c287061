# What the stages share: what the code means that rules depend on, which languages are ready, and the settings of models
# and judges.
import csv
import re
import shlex

from xsafety.asking.engines.local import files as local_files
from xsafety.asking.receipt import has_failed_rows, next_attempt
from xsafety.asking.servers import with_server
from xsafety.generation.shuffled import SUFFIX as SHUFFLED
from xsafety.seeds.dataset import evidence_languages, origin_files
from xsafety.seeds.tables import files_of, found_files
from xsafety.tabular import to_json
from xsafety.text.packs import pack_names
from xsafety.translation.memory import memory_state
from xsafety.translation.services import connection
from xsafety.workflow.code import code_digest

# Also where another workflow imports this one, whose folder `workflow.basedir` is.
CHECKOUT = Path(workflow.current_basedir).parent
# Relative where that is possible, so that a moved checkout is no reason to run again.
ROOT = Path() if Path.cwd() == CHECKOUT else CHECKOUT
# Jobs run this Python, unless conda gives them one, and find scripts and library whatever folder the workflow runs in;
# no rule holds that folder, as another would be a reason to run again.
OWN_PYTHON = "" if workflow.deployment_settings.deployment_method else f"{Path(sys.executable).parent}:"
shell.prefix(
    f"set -euo pipefail; export XSAFETY={shlex.quote(str(CHECKOUT))} PATH={shlex.quote(OWN_PYTHON)}$PATH"
    f" XSAFETY_PROGRESS={shlex.quote(RESULTS)}/logs/progress XSAFETY_SHARING={shlex.quote(JOURNAL)}/.sharing;"
    ' export PYTHONPATH="$XSAFETY"; '
)

# Whether each round, and the spot check, must come from another reviewer.
OTHERS = to_json(CONFIG.verification.needs_other_reviewers)

PROMPTINGS = {name: method.parameters() for name, method in CONFIG.promptings.items()}

# That of the main table.
FIRST_PROMPTING = next(iter(PROMPTINGS))

ASKED_JUDGES = {*CONFIG.stages["verdicts"]}

PRIMARY_JUDGE = next(iter(CONFIG.safety_judges))

RELEASED = evidence_languages(CONFIG.dataset)
# Translations that come along with named sources, in all their languages.
GIVEN = ["<results>/translations.jsonl"] if CONFIG.dataset.sources else []


def digest(script):
    """A parameter that changes with what a script and the library modules that it imports mean, not with a remark."""
    return lambda wildcards: code_digest(CHECKOUT, script, Path(".snakemake/code.json"))


def files(folder, pattern):
    """The files of a folder that people own, sorted, without hidden and open ones; none if there is no folder."""
    return [str(file) for file in found_files(Path(folder).glob(pattern))]


def ready_languages():
    """The languages that may be evaluated, by the one checkpoint of the workflow."""
    with checkpoints.review_status.get().output[0].open(encoding="utf-8") as status:
        ready = {row["lang"] for row in csv.DictReader(status) if row["ready"] == "yes"}
    return [lang for lang in CONFIG.languages if lang in ready]


def ready_targets():
    return [lang for lang in ready_languages() if lang in CONFIG.targets]


def ready(pattern):
    """A pattern's files for the ready languages that have a translation."""
    return lambda wildcards: expand(pattern, lang=ready_targets())


def origins(languages):
    """The files that a data set is made of, but for review sheets, whose names would name people."""
    memory = [file for lang in languages for file in files(CONFIG.translation.memory, f"{lang}.csv")]
    return [str(file) for file in origin_files(CONFIG.dataset)] + memory


def evaluated(model):
    """The ready languages that a model supports."""
    return CONFIG.supported(model, ready_languages())


def asked_files(model):
    """The names of the files of queries that a model is asked: languages and, for judges of choices, shuffled ones."""
    languages = evaluated(model)
    return languages + [f"{lang}{SHUFFLED}" for lang in languages if CONFIG.choice_judges]


def cells():
    """The languages evaluated for each model."""
    return {model: evaluated(model) for model in CONFIG.models}


def english_cells(judges):
    """The languages of each model whose responses some of these judges read in English."""
    read = [lang for lang in ready_languages() if any(reads_english(judge, lang) for judge in judges)]
    return {model: CONFIG.supported(model, read) for model in CONFIG.models}


def grouped_cells(some=None):
    """Cells, or else all, as lists of models and of their languages: short, however many there are of both."""
    groups = {}
    for model, langs in (some or cells()).items():
        groups.setdefault(tuple(langs), []).append(model)
    return [[models, langs] for langs, models in groups.items()]


def configured_cells():
    """The languages that the configuration has for each model, ready or not, as the same lists."""
    return grouped_cells({model: CONFIG.supported(model, CONFIG.languages) for model in CONFIG.models})


def model_cells(pattern):
    """A pattern's files for all promptings and languages of the job's model."""
    return lambda wildcards: expand(pattern, prompting=PROMPTINGS, lang=evaluated(wildcards.model), **wildcards)


def first_verdicts(judge):
    """A judge's files of verdicts under the first prompting method, by which answers are drawn for labellers."""
    return lambda wildcards: every_cell(
        "<results>/verdicts/{judge}/{model}/{prompting}/{lang}.jsonl",
        [FIRST_PROMPTING],
        judge=judge.format(**wildcards),
    )


def every_cell(pattern, promptings=PROMPTINGS, some=None, **wildcards):
    """A pattern's files for all models, promptings and languages evaluated, or for some cells."""
    return [
        path
        for model, langs in (some or cells()).items()
        for path in expand(pattern, model=model, prompting=promptings, lang=langs, **wildcards)
    ]


def released_beside(*kinds):
    """Whether any of some kinds of answers stands beside the released data set."""
    return not {*kinds}.isdisjoint(CONFIG.release.include if CONFIG.release else [])


def if_released(kind, files):
    """The files of a kind of answers, if the release includes it."""
    return lambda wildcards: files(wildcards) if released_beside(kind) else []


def older_verdicts(wildcards):
    """The files of verdicts of the run that the configuration names, a results folder or a tag."""
    from xsafety.analysis.runs import TAGGED, find_run  # not needed by most runs

    found = find_run(CONFIG.compare_with or "", Path(JOURNAL, "tags"))
    return files(f"{found}/verdicts", "*/*/*/*.jsonl") + files(f"{found}/verdicts", f"*/*/*/*{TAGGED}") if found else []


def is_asked(judge):
    return judge in ASKED_JUDGES


def voters(judge):
    """The judges whose majority a judge is; none of another judge."""
    return getattr(CONFIG.judges[judge], "of", [])


def reading(judge):
    """How a judge's verdicts are made of what it, or its voters, said; a lexicon judge has but one way."""
    block = CONFIG.judges[judge]
    return block.method().model_dump() if is_asked(judge) or voters(judge) else {}


def reads_english(judge, lang):
    """Whether a judge reads the English translation of responses in a language."""
    return is_asked(judge) and CONFIG.judges[judge].reads_english(lang)


def result(path):
    """A parameter that is a path among the results: no wildcard pattern, and filled in."""
    return lambda wildcards: f"{RESULTS}/{path}".format(**wildcards)


def journal(path):
    """A parameter that is a path in the journal."""
    return lambda wildcards: f"{JOURNAL}/{path}".format(**wildcards)


def reasoning_marks(wildcards):
    """A parameter: the marks of a model's reasoning beside the known ones, or null."""
    block = CONFIG.models[wildcards.model].reasoning
    return to_json(block.model_dump() if block else None)


def attempt(receipt):
    """A parameter that changes when rows of the job's last run failed, so that they are asked for again."""
    return lambda wildcards: next_attempt(Path(RESULTS, "asked", receipt.format(**wildcards)))


def receipt_for(made, column, receipt):
    """The receipt that a file is made by: order-only, unless rows failed in the file, which the next asking may bring."""

    def file(wildcards):
        path = f"{RESULTS}/asked/{receipt}".format(**wildcards)
        failed = has_failed_rows(Path(f"{RESULTS}/{made}".format(**wildcards)), column)
        return path if failed else ancient(path)

    return file


def model_receipts(wildcards):
    return expand("<results>/asked/models/{model}.json", model=[model for model in CONFIG.models if evaluated(model)])


def judge_receipts(wildcards):
    asked = [judge for judge in CONFIG.safety_judges if is_asked(judge) and any(cells().values())]
    return expand("<results>/asked/judges/{judge}.json", judge=asked)


# A job that ends early has asked nevertheless: its receipt says for which rows it did not, and why.
ENDED_EARLY = " || test -e {output:q}"


def gate(*more):
    """A parameter: the keys of the gate that decide which rows are verified, and `more` of its block."""
    coverage = ["min_coverage"] if CONFIG.verification.spot_check else []
    keys = {"rounds", "max_modification_rate", "spot_check", *coverage, *more}
    return lambda wildcards: to_json(CONFIG.verification.model_dump(include=keys))


def reviews(wildcards):
    return files(f"{CONFIG.verification.reviews}/{wildcards.lang}", "*")


def packs_of(lang):
    """The language packs that tell what is known of a language; the English one counts in every language."""
    return [str(ROOT / "xsafety/text/packs" / f"{name}.yaml") for name in pack_names(lang)]


def packs(wildcards):
    return packs_of(wildcards.lang)


def dataset():
    """A parameter: where the data set is read from, and how; not what only a release says of it."""
    papers = {"licence", "url", "citation"}
    without = {"licence": True} | dict.fromkeys(CONFIG.dataset.sources, papers)
    return lambda wildcards: to_json(CONFIG.dataset.model_dump(exclude_none=True, exclude=without))


def release_evidence(wildcards):
    """The translations that come along with the data set, if they are of the language."""
    return f"<results>/review/{wildcards.lang}/release.jsonl" if wildcards.lang in RELEASED else []


def the_model(wildcards):
    return CONFIG.models[wildcards.model]


def the_judge(wildcards):
    return CONFIG.judges[wildcards.judge]


def the_translator(wildcards):
    return CONFIG.translation.model


def the_translator_online(wildcards):
    """The block of who translates language by language: a model at an endpoint, None for a service."""
    return CONFIG.translation.openai


# `block` gives the block of the configuration that a job asks, by its wildcards.
def local_block(block, wildcards):
    """The block, if its model runs in process."""
    found = block(wildcards)
    return found if found and found.engine == "transformers" else None


def weights(block):
    """The files of the weights that lie in a folder."""

    def paths(wildcards):
        local = local_block(block, wildcards)
        return [str(file) for file in local_files.model_files(Path(local.model))] if local else []

    return paths


def fingerprint(block):
    """A parameter that changes with the weights, also where a copy brought their old dates along."""

    def of(wildcards):
        local = local_block(block, wildcards)
        return local_files.fingerprint(Path(local.model)) if local else ""

    return of


def threads_of(block):
    """The cores of a job: its workers', one to ask online, and none while a batch is waited for."""

    def number(wildcards):
        if local := local_block(block, wildcards):
            return local.threads * local.workers
        return int(getattr(block(wildcards), "mode", "online") == "online")

    return number


def gpus_of(block):
    """The GPUs that a job asks a cluster for."""
    return lambda wildcards: local.gpus if (local := local_block(block, wildcards)) else 0


def runtime_of(block):
    """The minutes that a job asks a cluster for: a day, where a block says nothing else, as one of a service does."""
    return lambda wildcards: getattr(block(wildcards), "runtime", 1440)


def memory_of(block):
    """Megabytes of the machine's memory that a job asks for: what loads a model passes through it, for each worker."""

    def megabytes(wildcards):
        if not (local := local_block(block, wildcards)):
            return getattr(block(wildcards), "mem_mb", 2000)
        if local.mem_mb:
            return local.mem_mb
        size = sum(file.stat().st_size for file in local_files.model_files(Path(local.model)))
        return 8000 + 2 * (size >> 20) * local.workers

    return megabytes


def model_identity(wildcards):
    return to_json(with_server(CONFIG.models[wildcards.model]))


def judge_identity(wildcards):
    return to_json(with_server(CONFIG.judges[wildcards.judge]))


def translator_identity(wildcards):
    return to_json(with_server(CONFIG.translation))


def draft_memory(lang):
    """A parameter's value: what the memory has to say to the drafts of a language."""
    return memory_state(
        Path(CONFIG.translation.memory, f"{lang}.csv"),
        Path(RESULTS, "drafts", f"{lang}.csv"),
        Path(RESULTS, "asked", "drafts", f"{lang}.json"),
    )


def asked_before(receipt):
    """The receipt of a model in process that translates; order-only, as answers are read from its journal."""
    return lambda wildcards: ancient(f"{RESULTS}/asked/translator/{receipt}") if CONFIG.translation.transformers else []


def price_of(block):
    """What the provider of a block charges, as plain values; None where that is not set."""
    price = getattr(block, "price", None)
    return price and price.model_dump()


# Connections change no answer; as resources they are handed over without being a reason to run again.
def model_connection(wildcards):
    return to_json(CONFIG.for_job(the_model(wildcards).connection(), f"responses/{wildcards.model}").model_dump())


def judge_connection(wildcards):
    return to_json(CONFIG.for_job(the_judge(wildcards).connection(), f"verdicts/{wildcards.judge}").model_dump())


def translation_connection(wildcards):
    return to_json(CONFIG.for_job(connection(CONFIG.translation), "drafts", "english").model_dump())
