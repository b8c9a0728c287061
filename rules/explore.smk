# Stage: looking through the rows, on demand by `make explore`.
# Takes responses and verdicts with their queries, ledgers, checks and English translations. Makes <results>/explore.sqlite;
# the page on it is no job: see xsafety/explore. Config: report.redact.


rule explore:
    """Put all rows into one file to look through: make explore serves it."""
    input:
        about="<results>/dataset.json",
        queries=lambda wildcards: expand("<results>/queries/{lang}.jsonl", lang=ready_languages()),
        ledgers=ready("<results>/review/{lang}/ledger.jsonl"),
        checks=ready("<results>/checks/{lang}.csv"),
        responses=lambda wildcards: every_cell("<results>/responses/{model}/{prompting}/{lang}.jsonl"),
        verdicts=lambda wildcards: [
            file
            for judge in CONFIG.safety_judges
            for file in every_cell("<results>/verdicts/{judge}/{model}/{prompting}/{lang}.jsonl", judge=judge)
        ],
    output:
        "<results>/explore.sqlite",
    log:
        "<logs>/explore.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/explore.py"),
        results=lambda wildcards: RESULTS,
        cells=lambda wildcards: to_json(grouped_cells()),
        promptings=list(PROMPTINGS),
        judges=list(CONFIG.safety_judges),
        english=lambda wildcards: [
            lang for lang in ready_languages() if any(reads_english(judge, lang) for judge in CONFIG.safety_judges)
        ],
        names=lambda wildcards: to_json(CONFIG.names()),
        redact=to_json(CONFIG.report.redact),
    shell:
        'python3 "$XSAFETY/scripts/explore.py"'
        " --results {params.results:q} --cells {params.cells:q} --promptings {params.promptings}"
        " --judges {params.judges} --english {params.english} --names {params.names:q} --redact {params.redact}"
        " --out {output:q} 2> {log:q}"
