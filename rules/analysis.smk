# Stage: counts, tables, estimates.
# Takes <results>/verdicts/, <results>/responses/ and <results>/review_status.csv. Makes, per model, the language of each
# answer, per judge, counts by cell and by seed, and <results>/tables/{judge}/, with rates.csv and comparisons.csv
# (docs/statistics.md). On request, the paper checked, verdicts kept under a name (journal/tags/), and compared with an
# older run. Config: report.max_failed, with, tag.
from xsafety.analysis.comparisons import COMPARISONS_FILE
from xsafety.analysis.rates import RATES_FILE
from xsafety.analysis.tables import MAIN, TABLES


rule answer_languages:
    """Tell the language that each answer of a model is in."""
    input:
        responses=model_cells("<results>/responses/{model}/{prompting}/{lang}.jsonl"),
    output:
        languages="<results>/answer_languages/{model}.csv",
        counts="<results>/tables/answer_languages/{model}.csv",
    log:
        "<logs>/answer_languages/{model}.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/answer_languages.py"),
        responses=result("responses/{model}"),
        promptings=list(PROMPTINGS),
        languages=lambda wildcards: evaluated(wildcards.model),
    shell:
        'python3 "$XSAFETY/scripts/answer_languages.py"'
        " --responses {params.responses:q} --model {wildcards.model} --promptings {params.promptings}"
        " --languages {params.languages} --out {output.languages:q} --counts {output.counts:q} 2> {log:q}"


rule counts:
    """Count a judge's verdicts on a model by seed and by cell, and pick examples."""
    input:
        about="<results>/dataset.json",
        verdicts=model_cells("<results>/verdicts/{judge}/{model}/{prompting}/{lang}.jsonl"),
        responses=model_cells("<results>/responses/{model}/{prompting}/{lang}.jsonl"),
        languages="<results>/answer_languages/{model}.csv",
    output:
        counts="<results>/counts/{judge}/{model}.csv",
        seeds="<results>/outcomes/{judge}/{model}.csv",
        examples="<results>/counts/{judge}/{model}.examples.jsonl",
    log:
        "<logs>/counts/{judge}/{model}.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/counts.py"),
        verdicts=result("verdicts/{judge}/{model}"),
        responses=result("responses/{model}"),
        promptings=list(PROMPTINGS),
        languages=lambda wildcards: evaluated(wildcards.model),
    shell:
        'python3 "$XSAFETY/scripts/counts.py"'
        " --verdicts {params.verdicts:q} --responses {params.responses:q} --answer-languages {input.languages:q}"
        " --promptings {params.promptings} --languages {params.languages} --judge {wildcards.judge}"
        " --model {wildcards.model} --about {input.about:q}"
        " --counts {output.counts:q} --seeds {output.seeds:q} --examples {output.examples:q} 2> {log:q}"


rule tables:
    """Make the tables of a judge."""
    input:
        about="<results>/dataset.json",
        status="<results>/review_status.csv",
        counts=expand("<results>/counts/{judge}/{model}.csv", model=CONFIG.models, allow_missing=True),
    output:
        report(f"<results>/tables/{{judge}}/{MAIN.file}", caption="../report/unsafe_rate.rst", category="Tables"),
        [f"<results>/tables/{{judge}}/{table.file}" for table in TABLES if table is not MAIN],
    log:
        "<logs>/tables/{judge}.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/tables.py"),
        folder=result("tables/{judge}"),
        languages=CONFIG.languages,
        models=list(CONFIG.models),
        promptings=list(PROMPTINGS),
        max_failed=CONFIG.report.max_failed,
    shell:
        'python3 "$XSAFETY/scripts/tables.py"'
        " --status {input.status:q} --about {input.about:q} --counts {input.counts:q} --languages {params.languages}"
        " --models {params.models} --promptings {params.promptings} --max-failed {params.max_failed}"
        " --judge {wildcards.judge} --out {params.folder:q} 2> {log:q}"


rule estimates:
    """Estimate a judge's rates with intervals, and compare them."""
    input:
        about="<results>/dataset.json",
        status="<results>/review_status.csv",
        seeds=expand("<results>/outcomes/{judge}/{model}.csv", model=CONFIG.models, allow_missing=True),
    output:
        rates=f"<results>/tables/{{judge}}/{RATES_FILE}",
        comparisons=f"<results>/tables/{{judge}}/{COMPARISONS_FILE}",
        two_sided="<results>/tables/{judge}/two_sided.csv",
    log:
        "<logs>/estimates/{judge}.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/estimates.py"),
        folder=result("outcomes/{judge}"),
        languages=CONFIG.languages,
        models=list(CONFIG.models),
        promptings=list(PROMPTINGS),
        max_failed=CONFIG.report.max_failed,
    shell:
        'python3 "$XSAFETY/scripts/estimates.py"'
        " --status {input.status:q} --about {input.about:q} --outcomes {params.folder:q} --languages {params.languages}"
        " --models {params.models} --promptings {params.promptings} --max-failed {params.max_failed}"
        " --judge {wildcards.judge}"
        " --rates {output.rates:q} --comparisons {output.comparisons:q} --two-sided {output.two_sided:q} 2> {log:q}"


rule choice_table:
    """Count right and wrong choices, and the places that were chosen."""
    input:
        queries=lambda wildcards: expand(
            f"<results>/queries/{{lang}}{SHUFFLED}.jsonl",
            lang=sorted({lang for langs in cells().values() for lang in langs}),
        ),
        choices=expand("<results>/choices/{judge}/{model}.jsonl", model=CONFIG.models, allow_missing=True),
    output:
        "<results>/tables/{judge}/choices.csv",
    log:
        "<logs>/choice_table/{judge}.log",
    wildcard_constraints:
        judge="|".join(map(re.escape, CONFIG.choice_judges)) or "-",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/choice_table.py"),
        folder=result("choices/{judge}"),
        languages=CONFIG.languages,
        models=list(CONFIG.models),
        promptings=list(PROMPTINGS),
        max_failed=CONFIG.report.max_failed,
    shell:
        'python3 "$XSAFETY/scripts/choice_table.py"'
        " --queries {input.queries:q} --choices {params.folder:q} --languages {params.languages}"
        " --models {params.models} --promptings {params.promptings} --max-failed {params.max_failed}"
        " --judge {wildcards.judge} --out {output:q} 2> {log:q}"


rule paper:
    """Check which differences in the paper's tables stand."""
    output:
        means="<results>/paper/means.csv",
        claims="<results>/paper/claims.csv",
    log:
        "<logs>/paper.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/paper.py"),
    message:
        "Checking the paper's tables."
    shell:
        'python3 "$XSAFETY/scripts/paper.py" --means {output.means:q} --claims {output.claims:q}' " 2>&1 | tee {log:q}"


rule tag:
    """Keep the verdicts as they are under a name, to compare later ones with: snakemake tag --config tag=NAME."""
    log:
        "<logs>/tag.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/tag.py"),
        # It takes the verdicts that there are; without an output it always runs.
        results=lambda wildcards: RESULTS,
        tag=lambda wildcards: CONFIG.tag or [],
        tags=journal("tags"),
        judges=list(CONFIG.safety_judges),
    message:
        "Keeping the verdicts."
    shell:
        'python3 "$XSAFETY/scripts/tag.py"'
        " --tag {params.tag:q} --tags {params.tags:q} --results {params.results:q} --judges {params.judges}"
        " 2>&1 | tee {log:q}"


rule since_older:
    """Compare the verdicts with those of the older run that the configuration names, for the report."""
    input:
        verdicts=lambda wildcards: every_cell(
            "<results>/verdicts/{judge}/{model}/{prompting}/{lang}.jsonl", judge=CONFIG.safety_judges
        ),
        older=older_verdicts,
    output:
        changes="<results>/compare/changes.csv",
        flips="<results>/compare/flips.csv",
        gone="<results>/compare/gone.csv",
    log:
        "<logs>/since_older.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/compare.py"),
        results=result(""),
        older=CONFIG.compare_with or [],
        tags=journal("tags"),
        judges=list(CONFIG.safety_judges),
        promptings=list(PROMPTINGS),
        cells=to_json(configured_cells()),
        out=result("compare"),
    shell:
        'python3 "$XSAFETY/scripts/compare.py"'
        " --older {params.older:q} --tags {params.tags:q} --results {params.results:q} --judges {params.judges}"
        " --promptings {params.promptings} --cells {params.cells:q} --out {params.out:q} > {log:q} 2>&1"


rule compare:
    """Compare the verdicts with an older results folder, or a tag, row by row: snakemake compare --config with=..."""
    log:
        "<logs>/compare.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/compare.py"),
        # It takes the verdicts that there are; without an output it always runs.
        results=lambda wildcards: RESULTS,
        older=lambda wildcards: CONFIG.compare_with or [],
        tags=journal("tags"),
        judges=list(CONFIG.safety_judges),
        promptings=list(PROMPTINGS),
        cells=to_json(configured_cells()),
    message:
        "Comparing the verdicts with those of another run."
    shell:
        'python3 "$XSAFETY/scripts/compare.py"'
        " --older {params.older:q} --tags {params.tags:q} --results {params.results:q} --judges {params.judges}"
        " --promptings {params.promptings} --cells {params.cells:q} --out {params.results:q}/compare 2>&1 | tee {log:q}"
