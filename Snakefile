# XSafety: from English seed queries through translation, human verification, generation and judging to a report.
# Configuration: config.yaml, or another file by --configfile. Each file in rules/ is one stage.
import atexit
import gc
import os
import sys

# Of a file that is imported from a server, as by github(...), this is no folder.
if not Path(str(workflow.current_basedir), "xsafety").is_dir():
    raise WorkflowError(
        "XSafety is a library beside its Snakefile, which github(...) and its like do not bring along: clone the repository"
        " (or git submodule add it), and give the module's `snakefile` the path of the clone's workflow/Snakefile."
    )
sys.path.insert(0, str(Path(workflow.current_basedir)))

from snakemake.dag import DAG
from snakemake.persistence import PersistenceBase
from snakemake.persistence.file import FilePersistence
from snakemake.utils import min_version

from xsafety.config.configuration import load, missing_keys, read_yaml, unreachable
from xsafety.tabular import DataError
from xsafety.workflow.display import show_run
from xsafety.workflow.locks import take_over_dead_locks
from xsafety.workflow.made import remake_what_changed
from xsafety.workflow.rerun import judge_every_job, leave_pandas_unloaded
from xsafety.workflow.run import asked_blocks, failures, print_last_words

min_version("9.27")
# Jobs are many and stay, but all would be searched for circles now and then, and once more at the end.
gc.set_threshold(100_000)
atexit.register(gc.freeze)
SHOWN = show_run(workflow)
judge_every_job(DAG)
leave_pandas_unloaded(PersistenceBase)
# Sheets are for people to fill.
remake_what_changed(DAG, PersistenceBase, to_be_filled={"sheet"})
take_over_dead_locks(FilePersistence)


# Snakemake says neither where a file is broken nor that a key comes twice.
CONFIG_FILES = [] if workflow.modifier.skip_configfile else workflow.overwrite_configfiles or ["config.yaml"]
try:
    for file in map(Path, CONFIG_FILES):
        if file.is_file():
            read_yaml(file)
except DataError as error:
    raise WorkflowError(str(error)) from None


# A config file on the command line replaces config.yaml: merged, the models and languages of both would run.
if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


try:
    GIVEN_BY = [*map(os.path.relpath, CONFIG_FILES), *(["--config"] if workflow.config_settings.config else [])]
    CONFIG = load(config, ", ".join(GIVEN_BY) or "config")
except DataError as error:
    raise WorkflowError(str(error)) from None

RESULTS = CONFIG.results
if workflow.modifier.modify_path(f"{RESULTS}/seeds.csv") != f"{RESULTS}/seeds.csv":
    raise WorkflowError("Instead of a module's `prefix`, set `results` and `journal` in its `config`.")
SHOWN.state.results = Path(RESULTS)
JOURNAL = CONFIG.journal


pathvars:
    results=CONFIG.results,
    logs=f"{CONFIG.results}/logs",


wildcard_constraints:
    lang="|".join(map(re.escape, CONFIG.languages)),
    model="|".join(map(re.escape, CONFIG.models)),
    prompting="|".join(map(re.escape, CONFIG.promptings)),
    judge="|".join(map(re.escape, CONFIG.safety_judges)),


if workflow.is_main_process:
    # Not `onsuccess`, which is silent where nothing is to be done.
    atexit.register(print_last_words, workflow, CONFIG)


onstart:
    asked = {} if workflow.touch else asked_blocks(list(workflow.dag.needrun_jobs()), CONFIG)
    if problems := missing_keys(asked, os.environ) + (unreachable(asked) if workflow.non_local_exec else []):
        atexit.unregister(print_last_words)
        raise WorkflowError(str(DataError.of(f"config: {len(problems)} problem(s)", problems)))
    if not workflow.non_local_exec:
        # A limit on submissions (--max-jobs-per-timespan, for clusters), whose clock would hold up an end by a second.
        workflow.scheduler.job_rate_limiter = None


onsuccess:
    if not workflow.touch and failures(workflow.dag.jobs):
        raise WorkflowError("Not every row was answered; the last lines say which and why.")


include: "rules/common.smk"
include: "rules/seeds.smk"
include: "rules/translation.smk"
include: "rules/verification.smk"
include: "rules/browser.smk"
include: "rules/generation.smk"
include: "rules/judging.smk"
include: "rules/analysis.smk"
include: "rules/calibration.smk"
include: "rules/report.smk"
include: "rules/explore.smk"
include: "rules/plan.smk"
include: "rules/release.smk"
include: "rules/weblate.smk"
include: "rules/demo.smk"


# Who asks models, or trains them, goes to a cluster's nodes. All else takes seconds, or waits for a service, and stays
# where Snakemake runs; which rules of an importing Snakefile do so is its own choice.
if len(workflow.modifier_stack) == 1:
    ASKING = {"ask", "ask_judge", "ask_drafts", "ask_english", "train_demo_model"}
    workflow.localrules(*{rule.name for rule in workflow.rules} - ASKING)


rule all:
    default_target: True
    input:
        report="<results>/report.html",
        typeset=rules.typeset.output,
        choices=expand("<results>/tables/{judge}/choices.csv", judge=CONFIG.choice_judges),
        sheets=expand("<results>/sheets/{lang}.{format}", lang=CONFIG.targets, format=SHEET_FORMATS),
        labels="<results>/labels/agreement.csv",
        calibration=expand("<results>/calibration/{judge}.csv", judge=CONFIG.safety_judges),
        judge_pairs="<results>/tables/judge_pairs.csv" if len(CONFIG.safety_judges) > 1 else [],
        tests="<results>/data_tests.txt",
        provenance="<results>/provenance.json",
