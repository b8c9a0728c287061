# Stage: report.
# Takes <results>/tables/, <results>/review_status.csv, the tables in <results>/review/ and, for what asking took, the
# journal. Makes usage.csv, charts of the first judge, all tables for papers, one HTML page, the outcome of the tests on the
# build's own products, and provenance.json, what all of it rests on. Config: report, labels, notes, prices.
from xsafety.release.provenance import code_state, pack
from xsafety.report.charts import drawing_names

# What a paper may print: all tables but those that go by answer or query.
TO_TYPESET = [
    *expand(
        "<results>/tables/{judge}/{file}",
        judge=CONFIG.safety_judges,
        file=[*(table.file for table in TABLES), RATES_FILE, COMPARISONS_FILE, "two_sided.csv"],
    ),
    *expand("<results>/tables/{judge}/choices.csv", judge=CONFIG.choice_judges),
    *(["<results>/tables/judge_pairs.csv"] if len(CONFIG.safety_judges) > 1 else []),
    *expand("<results>/tables/answer_languages/{model}.csv", model=CONFIG.models),
    *expand("<results>/calibration/{judge}.csv", judge=CONFIG.safety_judges),
    "<results>/labels/agreement.csv",
    "<results>/review/modification_rates.csv",
    "<results>/review/agreement.csv",
    "<results>/usage.csv",
    *(["<results>/compare/changes.csv"] if CONFIG.compare_with else []),
]


rule usage:
    """Count what the answers in the journal took."""
    input:
        drafts=expand("<results>/asked/drafts/{lang}.json", lang=CONFIG.targets),
        models=model_receipts,
        judges=judge_receipts,
    output:
        usage="<results>/usage.csv",
        # Among the logs: it is another in each run.
        times="<logs>/minutes.csv",
    log:
        "<logs>/usage.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/usage.py"),
        journal=lambda wildcards: JOURNAL,
        engines=lambda wildcards: to_json(
            [
                [stage, name, block.engine, price_of(block)]
                for stage, blocks in CONFIG.stages.items()
                for name, block in blocks.items()
            ]
        ),
    shell:
        'python3 "$XSAFETY/scripts/usage.py"'
        " --journal {params.journal:q} --engines {params.engines:q} --out {output.usage:q}"
        " --times {output.times:q} 2> {log:q}"


rule charts:
    """Draw the charts of the first judge."""
    input:
        about="<results>/dataset.json",
        rates=f"<results>/tables/{PRIMARY_JUDGE}/{RATES_FILE}",
        comparisons=f"<results>/tables/{PRIMARY_JUDGE}/{COMPARISONS_FILE}",
        qualities=expand("<results>/calibration/{judge}.csv", judge=CONFIG.safety_judges),
        status="<results>/review_status.csv",
    output:
        report(
            expand("<results>/charts/{name}.svg", name=drawing_names(CONFIG.models)),
            caption="../report/charts.rst",
            category="Charts",
        ),
        expand("<results>/charts/{name}.{kind}", name=drawing_names(CONFIG.models), kind=["pdf", "png", "csv"]),
    log:
        "<logs>/charts.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/charts.py"),
        folder=result("charts"),
        # In their order, which an object of JSON has not.
        models=lambda wildcards: to_json([*CONFIG.names()["models"].items()]),
        promptings=lambda wildcards: to_json([*CONFIG.names()["promptings"].items()]),
        judges=lambda wildcards: to_json([*CONFIG.names()["judges"].items()]),
    shell:
        'python3 "$XSAFETY/scripts/charts.py"'
        " --qualities {input.qualities:q} --judges {params.judges:q}"
        " --rates {input.rates:q} --comparisons {input.comparisons:q} --status {input.status:q}"
        " --about {input.about:q}"
        " --models {params.models:q} --promptings {params.promptings:q} --out {params.folder:q} 2> {log:q}"


rule typeset:
    """Write the tables in LaTeX and Markdown, for papers."""
    input:
        about="<results>/dataset.json",
        tables=TO_TYPESET,
    output:
        [str(Path(table).with_suffix(form)) for table in TO_TYPESET for form in (".tex", ".md")],
    log:
        "<logs>/typeset.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/typeset.py"),
        # In their order, which an object of JSON has not.
        models=lambda wildcards: to_json([*CONFIG.names()["models"].items()]),
        promptings=lambda wildcards: to_json([*CONFIG.names()["promptings"].items()]),
        judges=lambda wildcards: to_json([*CONFIG.names()["judges"].items()]),
    shell:
        'python3 "$XSAFETY/scripts/typeset.py"'
        " --tables {input.tables:q} --about {input.about:q} --models {params.models:q} --judges {params.judges:q}"
        " --promptings {params.promptings:q} 2> {log:q}"


rule report:
    """Render the report, one HTML page."""
    input:
        about="<results>/dataset.json",
        templates=[str(path) for path in sorted(ROOT.glob("xsafety/report/templates/*.j2"))],
        measured=str(ROOT / "xsafety/text/refusals.csv"),
        status="<results>/review_status.csv",
        rates="<results>/review/modification_rates.csv",
        agreement="<results>/review/agreement.csv",
        usage="<results>/usage.csv",
        tables=expand(
            "<results>/tables/{judge}/{file}", judge=CONFIG.safety_judges, file=[table.file for table in TABLES]
        ),
        estimates=expand(
            "<results>/tables/{judge}/{file}", judge=CONFIG.safety_judges, file=[RATES_FILE, COMPARISONS_FILE]
        ),
        examples=expand(
            "<results>/counts/{judge}/{model}.examples.jsonl",
            judge=PRIMARY_JUDGE,
            model=CONFIG.models,
        ),
        charts=expand("<results>/charts/{name}.{kind}", name=drawing_names(CONFIG.models), kind=["svg", "csv"]),
        qualities=expand("<results>/calibration/{judge}.csv", judge=CONFIG.safety_judges),
        choices=expand("<results>/tables/{judge}/choices.csv", judge=CONFIG.choice_judges),
        pairs="<results>/tables/judge_pairs.csv" if len(CONFIG.safety_judges) > 1 else [],
        changes="<results>/compare/changes.csv" if CONFIG.compare_with else [],
    output:
        report("<results>/report.html", caption="../report/report.rst", category="Report"),
    log:
        "<logs>/report.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/report.py"),
        folder=result("tables"),
        pictures=result("charts"),
        judges=list(CONFIG.safety_judges),
        shown=lambda wildcards: to_json(CONFIG.shown()),
    shell:
        'python3 "$XSAFETY/scripts/report.py"'
        " --tables {params.folder:q} --judges {params.judges} --examples {input.examples:q} --status {input.status:q}"
        " --about {input.about:q}"
        " --rates {input.rates:q} --agreement {input.agreement:q} --usage {input.usage:q} --shown {params.shown:q}"
        " --charts {params.pictures:q} --qualities {input.qualities:q} --choices {input.choices:q}"
        " --pairs {input.pairs:q} --changes {input.changes:q} --out {output:q} 2> {log:q}"


rule data_tests:
    """Test the build's own products."""
    input:
        about="<results>/dataset.json",
        seeds="<results>/seeds.csv",
        status="<results>/review_status.csv",
        queries=lambda wildcards: expand("<results>/queries/{lang}.jsonl", lang=ready_languages()),
        verdicts=lambda wildcards: every_cell(
            "<results>/verdicts/{judge}/{model}/{prompting}/{lang}.jsonl", judge=CONFIG.safety_judges
        ),
        counts=expand("<results>/counts/{judge}/{model}.csv", judge=CONFIG.safety_judges, model=CONFIG.models),
    output:
        "<results>/data_tests.txt",
    log:
        "<logs>/data_tests.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("tests/build/test_build.py"),
        build=lambda wildcards: to_json(
            {
                "results": RESULTS,
                "languages": ready_languages(),
                "cells": grouped_cells(),
                "promptings": list(PROMPTINGS),
                "samples": {name: model.decoding.get("n", 1) for name, model in CONFIG.models.items()},
                "judges": list(CONFIG.safety_judges),
            }
        ),
    shell:
        "export XSAFETY_BUILD={params.build:q} PYTEST_DISABLE_PLUGIN_AUTOLOAD=1;"
        " python3 -m pytest --noconftest -p no:cacheprovider"
        ' "$XSAFETY/tests/build/test_build.py" > {log:q} 2>&1'
        " && sed -n 's/ in [0-9.]*s//;$p' {log:q} > {output:q}"


rule provenance:
    """Write down what the run rests on, and what its files hold."""
    input:
        # Made again with it, and so with whatever changes.
        report="<results>/report.html",
        origins=origins(CONFIG.targets),
        people=[
            file
            for folder in (CONFIG.verification.reviews, CONFIG.calibration.labels)
            for lang in CONFIG.languages
            for file in files(f"{folder}/{lang}", "*")
        ],
        models=model_receipts,
        judges=judge_receipts,
    output:
        provenance="<results>/provenance.json",
        card="<results>/README.md",
    log:
        "<logs>/provenance.log",
    conda:
        "../envs/workflow.yaml"
    resources:
        # A commit, a limit or a label alone changes no result.
        config=lambda wildcards: pack(CONFIG),
        commit=lambda wildcards: to_json(code_state(CHECKOUT)),
    params:
        code=digest("scripts/provenance.py"),
        cells=lambda wildcards: to_json(grouped_cells()),
        promptings=list(PROMPTINGS),
        judges=list(CONFIG.safety_judges),
        choices=to_json(bool(CONFIG.choice_judges)),
        journal=lambda wildcards: JOURNAL,
        protocols=to_json(
            {judge: CONFIG.judges[judge].protocol_file for judge in CONFIG.safety_judges if is_asked(judge)}
        ),
    shell:
        'python3 "$XSAFETY/scripts/provenance.py"'
        " --config {resources.config:q} --code {resources.commit:q} --inputs {input.origins:q} {input.people:q}"
        " --models {input.models:q} --judges {input.judges:q} --protocols {params.protocols:q}"
        " --cells {params.cells:q} --promptings {params.promptings} --safety-judges {params.judges}"
        " --choices {params.choices} --journal {params.journal:q}"
        ' --checkout "$XSAFETY" --out {output.provenance:q} --card {output.card:q} 2> {log:q}'
