# Stage: review in the browser, on demand by `make review LANG=... REVIEWER=...`.
# Takes what the sheets take. Makes a reviewer's queue, <results>/browser/{lang}/{reviewer}.json; the page on it, and how
# its verdicts become evidence, is no job: see xsafety/browser. Config: verification.

from xsafety.rows import REVIEWER_NAME


rule browser:
    """Build one reviewer's queue for the page in the browser."""
    input:
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
        " --seeds {input.seeds:q} --ledger {input.ledger:q} --drafts {input.drafts:q}"
        " --checks {input.checks:q} --lang {wildcards.lang} --reviewer {wildcards.reviewer} --gate {params.gate:q}"
        " --out {output:q} 2> {log:q}"
