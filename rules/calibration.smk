# Stage: calibration.
# Takes data/labels/{lang}/: samples of answers, and what people said of them, sample-{n}.{labeller}.{xlsx,csv,jsonl}.
# Makes, per language, <results>/labels/{lang}/ledger.jsonl, labels.csv (answers on which the labellers are done) and
# problems.txt, and how far labellers agree, <results>/labels/agreement.csv. On request, by `snakemake label_sheets`,
# samples are drawn from the primary judge's verdicts, and <results>/labels/sheets/ are what labellers fill.
# Config: calibration.


rule label_ledger:
    """Fold returned labels into ledgers, and count how far labellers agree."""
    input:
        files(CONFIG.calibration.labels, "*/*"),
    output:
        [
            f"<results>/labels/{lang}/{file}"
            for lang in CONFIG.languages
            for file in ("ledger.jsonl", "labels.csv", "problems.txt")
        ],
        agreement="<results>/labels/agreement.csv",
    log:
        "<logs>/label_ledger.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/label_ledger.py"),
        labels=CONFIG.calibration.labels,
        languages=CONFIG.languages,
        folder=result("labels"),
    shell:
        'python3 "$XSAFETY/scripts/label_ledger.py"'
        " --labels {params.labels:q} --languages {params.languages}"
        " --out {params.folder:q} --agreement {output.agreement:q} 2>&1 | tee {log:q}"


rule label_sheets:
    """Draw answers for labellers where more are wanted, and write their sheets."""
    input:
        expand("<results>/labels/{lang}/ledger.jsonl", lang=CONFIG.languages),
    log:
        "<logs>/label_sheets.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/label_sheets.py"),
        # It takes the verdicts that there are, and leads to nobody being asked.
        results=lambda wildcards: RESULTS,
        labels=CONFIG.calibration.labels,
        judge=next(iter(CONFIG.judges)),
        prompting=next(iter(PROMPTINGS)),
        languages=CONFIG.languages,
        models=lambda wildcards: to_json(
            [[model, CONFIG.supported(model, CONFIG.languages)] for model in CONFIG.models]
        ),
        settings=to_json(CONFIG.calibration.model_dump()),
    message:
        "Looking at verdicts and labels."
    shell:
        'python3 "$XSAFETY/scripts/label_sheets.py"'
        " --results {params.results:q} --labels {params.labels:q} --judge {params.judge}"
        " --prompting {params.prompting} --languages {params.languages} --models {params.models:q}"
        " --settings {params.settings:q} 2>&1 | tee {log:q}"
