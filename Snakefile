# XSafety: from English seed queries through translation, human verification, generation and judging to a report.
# Configuration: config.yaml, or another file by --configfile. Each file in rules/ is one stage.
import atexit
import os
import sys

sys.path.insert(0, str(Path(workflow.current_basedir)))

from snakemake.dag import DAG
from snakemake.utils import min_version

from xsafety.config.configuration import load
from xsafety.config.keys import missing_keys
from xsafety.translation.memory import print_missing
from xsafety.workflow.rerun import judge_every_job
from xsafety.verification.waiting import print_waiting
from xsafety.tabular import DataError

min_version("9.27")
judge_every_job(DAG)


# A config file on the command line replaces config.yaml: merged, the models and languages of both would run.
if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


# Keys need to be there only where jobs may run that ask.
LOOKS = {"-n", "-np", "--dry-run", "--dryrun", "--lint", "--unlock"} & set(sys.argv)
FOR_A_REVIEWER = [target for target in sys.argv if Path(target).match("browser/*/*.json")]
ASKS_NOBODY = {"plan", "status", "freeze", "weblate_fetch"} & set(sys.argv) or FOR_A_REVIEWER
RUNS = workflow.is_main_process and not LOOKS and not ASKS_NOBODY

try:
    CONFIG = load(config)
    blocks = {"translation": CONFIG.translation} | {
        f"{kind}.{name}": block for kind in ("models", "judges") for name, block in getattr(CONFIG, kind).items()
    }
    if RUNS and (problems := missing_keys(blocks, os.environ)):
        raise DataError.of(f"config: {len(problems)} problem(s)", problems)
except DataError as error:
    raise WorkflowError(str(error)) from None

RESULTS = CONFIG.results
JOURNAL = CONFIG.journal


pathvars:
    results=CONFIG.results,
    logs=f"{CONFIG.results}/logs",


wildcard_constraints:
    lang="|".join(map(re.escape, CONFIG.languages)),
    model="|".join(map(re.escape, CONFIG.models)),
    prompting="|".join(map(re.escape, CONFIG.promptings)),
    judge="|".join(map(re.escape, CONFIG.judges)),


if workflow.is_main_process and not ASKS_NOBODY:
    # What is registered last is called first.
    atexit.register(print_missing, {lang: Path(RESULTS, "asked", "drafts", f"{lang}.json") for lang in CONFIG.targets})
    atexit.register(print_waiting, f"{RESULTS}/review_status.csv")


include: "rules/common.smk"
include: "rules/seeds.smk"
include: "rules/translation.smk"
include: "rules/verification.smk"
include: "rules/browser.smk"
include: "rules/generation.smk"
include: "rules/judging.smk"
include: "rules/report.smk"
include: "rules/plan.smk"
include: "rules/weblate.smk"
include: "rules/demo.smk"


rule all:
    default_target: True
    input:
        report="<results>/report.html",
        sheets=expand("<results>/sheets/{lang}.{format}", lang=CONFIG.targets, format=["csv", "xlsx", "po"]),
        tests="<results>/data_tests.txt",
