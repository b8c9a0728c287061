# Stage: calibration.
# Takes data/labels/{lang}/: samples of answers, and what people said of them, sample-{n}.{labeller}.{xlsx,csv,jsonl};
# and answers that people labelled elsewhere, by a mapping.
# Makes, per language, <results>/labels/{lang}/ledger.jsonl, labels.csv (answers on which the labellers are done) and
# problems.txt, and how far labellers agree, <results>/labels/agreement.csv; of verdicts under the first prompting method,
# how good each judge is by these labels, <results>/calibration/{judge}.csv, and how far each two judges agree,
# <results>/tables/judge_pairs.csv. On request, by `snakemake label_sheets`, samples are drawn from the primary judge's
# verdicts, and <results>/labels/sheets/ are what labellers fill. Config: calibration.
from xsafety.analysis.rates import RATES_FILE
from xsafety.config.calibration import Enough


rule label_ledger:
    """Fold the returned labels of a language into its ledger."""
    input:
        lambda wildcards: files(f"{CONFIG.calibration.labels}/{wildcards.lang}", "*"),
        [str(file) for block in CONFIG.calibration.sets.values() for file in files_of(block)],
    output:
        ledger="<results>/labels/{lang}/ledger.jsonl",
        labelled="<results>/labels/{lang}/labels.csv",
        problems="<results>/labels/{lang}/problems.txt",
    log:
        "<logs>/label_ledger/{lang}.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/label_ledger.py"),
        labels=lambda wildcards: f"{CONFIG.calibration.labels}/{wildcards.lang}",
        sets=to_json({name: block.model_dump() for name, block in CONFIG.calibration.sets.items()}),
    shell:
        'python3 "$XSAFETY/scripts/label_ledger.py"'
        " --labels {params.labels:q} --lang {wildcards.lang} --sets {params.sets:q} --ledger {output.ledger:q} --labelled {output.labelled:q}"
        " --problems {output.problems:q} > {log:q} 2>&1"


rule label_agreement:
    """Count how far labellers agree, by language."""
    input:
        expand("<results>/labels/{lang}/ledger.jsonl", lang=CONFIG.languages),
    output:
        "<results>/labels/agreement.csv",
    log:
        "<logs>/label_agreement.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/label_agreement.py"),
        labels=CONFIG.calibration.labels,
        languages=CONFIG.languages,
        folder=result("labels"),
    shell:
        'python3 "$XSAFETY/scripts/label_agreement.py"'
        " --labels {params.labels:q} --languages {params.languages} --ledgers {params.folder:q} --out {output:q}"
        " > {log:q} 2>&1"


rule calibration:
    """Say how good a judge is by the labels, and correct its rates."""
    input:
        about="<results>/dataset.json",
        labels=expand("<results>/labels/{lang}/labels.csv", lang=CONFIG.languages),
        rates=f"<results>/tables/{{judge}}/{RATES_FILE}",
        verdicts=first_verdicts("{judge}"),
    output:
        "<results>/calibration/{judge}.csv",
    log:
        "<logs>/calibration/{judge}.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/calibration.py"),
        verdicts=result("verdicts/{judge}"),
        labels=result("labels"),
        prompting=FIRST_PROMPTING,
        languages=lambda wildcards: ready_languages(),
        cells=lambda wildcards: to_json(grouped_cells()),
        settings=to_json(CONFIG.calibration.model_dump(include=set(Enough.model_fields))),
    shell:
        'python3 "$XSAFETY/scripts/calibration.py"'
        " --verdicts {params.verdicts:q} --about {input.about:q} --rates {input.rates:q} --labels {params.labels:q}"
        " --prompting {params.prompting} --languages {params.languages} --cells {params.cells:q}"
        " --settings {params.settings:q} --judge {wildcards.judge} --out {output:q} 2> {log:q}"


rule judge_pairs:
    """Count how far each two judges agree."""
    input:
        about="<results>/dataset.json",
        verdicts=lambda wildcards: [file for judge in CONFIG.safety_judges for file in first_verdicts(judge)(wildcards)],
    output:
        "<results>/tables/judge_pairs.csv",
    log:
        "<logs>/judge_pairs.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/judge_pairs.py"),
        verdicts=result("verdicts"),
        judges=list(CONFIG.safety_judges),
        prompting=FIRST_PROMPTING,
        languages=lambda wildcards: ready_languages(),
        cells=lambda wildcards: to_json(grouped_cells()),
    shell:
        'python3 "$XSAFETY/scripts/judge_pairs.py"'
        " --verdicts {params.verdicts:q} --about {input.about:q} --judges {params.judges} --prompting {params.prompting}"
        " --languages {params.languages} --cells {params.cells:q} --out {output:q} 2> {log:q}"


rule label_sheets:
    """Draw answers for labellers where more are wanted, and write their sheets."""
    input:
        "<results>/dataset.json",
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
        judge=PRIMARY_JUDGE,
        prompting=FIRST_PROMPTING,
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
