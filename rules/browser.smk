# Stage: work in the browser, on demand by `make review LANG=... REVIEWER=...` and `make label LANG=... LABELLER=...`.
# Takes what the sheets take. Makes a person's queue, <results>/browser/{lang}/{reviewer}.json and
# <results>/browser/labels/{lang}/{labeller}.json; the page on it, and how what is said there becomes evidence, is no job:
# see xsafety/browser. Config: verification, calibration.

from xsafety.rows import REVIEWER_NAME


rule browser:
    """Build one reviewer's queue for the page in the browser."""
    input:
        about="<results>/dataset.json",
        seeds="<results>/seeds.csv",
        ledger="<results>/review/{lang}/ledger.jsonl",
        drafts="<results>/drafts/{lang}.csv",
        checks="<results>/checks/{lang}.csv",
    output:
        "<results>/browser/{lang}/{reviewer}.json",
    log:
        "<logs>/browser/{lang}/{reviewer}.log",
    wildcard_constraints:
        reviewer=REVIEWER_NAME,
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/browser.py"),
        gate=gate("different_reviewers"),
    shell:
        'python3 "$XSAFETY/scripts/browser.py"'
        " --seeds {input.seeds:q} --about {input.about:q} --ledger {input.ledger:q} --drafts {input.drafts:q}"
        " --checks {input.checks:q} --lang {wildcards.lang} --reviewer {wildcards.reviewer} --gate {params.gate:q}"
        " --out {output:q} 2> {log:q}"


rule label_queue:
    """Build one labeller's queue for the page in the browser."""
    input:
        about="<results>/dataset.json",
        ledger="<results>/labels/{lang}/ledger.jsonl",
    output:
        "<results>/browser/labels/{lang}/{labeller}.json",
    log:
        "<logs>/label_queue/{lang}/{labeller}.log",
    wildcard_constraints:
        labeller=REVIEWER_NAME,
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/label_queue.py"),
        # As for the sheets: the verdicts that there are, so that nobody is asked.
        results=lambda wildcards: RESULTS,
        settings=to_json(CONFIG.calibration.model_dump()),
        judge=PRIMARY_JUDGE,
        prompting=FIRST_PROMPTING,
        models=lambda wildcards: [model for model in CONFIG.models if CONFIG.supported(model, [wildcards.lang])],
    shell:
        'python3 "$XSAFETY/scripts/label_queue.py"'
        " --ledger {input.ledger:q} --results {params.results:q} --settings {params.settings:q} --judge {params.judge}"
        " --prompting {params.prompting} --models {params.models} --lang {wildcards.lang}"
        " --labeller {wildcards.labeller} --out {output:q} 2> {log:q}"
