# Stage: releases of the data set; on request only.
# `snakemake release` takes <results>/queries/ with ledgers, checks and review tables. Makes <results>/release/{name}/: the
# rows of each language as Parquet and JSON Lines, on request answers, verdicts and labels beside them, a card, a
# description in Croissant, a schema, checksums, and what it rests on (docs/release.md). `snakemake crate` takes the report,
# its tables and charts, and provenance.json. Makes <results>/crate/. Config: release, dataset.licence.
from xsafety.release.provenance import DATA, code_state, commit_date, pack

RELEASE = CONFIG.release and CONFIG.release.with_terms(CONFIG.translation.name, CONFIG.translation.licence)
PAPERS = "README.md CHANGES.md CITATION.cff LICENSE croissant.json provenance.json schema.json SHA256SUMS".split()
ASKED_BESIDE = [judge for judge in CONFIG.safety_judges if is_asked(judge) and released_beside("verdicts")]


rule release:
    """Make a release of the data set."""
    input:
        about="<results>/dataset.json",
        templates=[str(path) for path in sorted(ROOT.glob("xsafety/release/templates/*.j2"))],
        queries=lambda wildcards: expand("<results>/queries/{lang}.jsonl", lang=ready_languages()),
        ledgers=ready("<results>/review/{lang}/ledger.jsonl"),
        checks=ready("<results>/checks/{lang}.csv"),
        status="<results>/review_status.csv",
        rates="<results>/review/modification_rates.csv",
        agreement="<results>/review/agreement.csv",
        origins=lambda wildcards: origins(ready_targets()),
        responses=if_released(
            "responses",
            lambda wildcards: every_cell("<results>/responses/{model}/{prompting}/{lang}.jsonl"),
        ),
        verdicts=if_released(
            "verdicts",
            lambda wildcards: every_cell(
                "<results>/verdicts/{judge}/{model}/{prompting}/{lang}.jsonl", judge=CONFIG.safety_judges
            ),
        ),
        labels=if_released(
            "labels",
            lambda wildcards: expand("<results>/labels/{lang}/ledger.jsonl", lang=ready_languages()),
        ),
    output:
        papers=expand("<results>/release/{name}/{paper}", name=RELEASE.folder if RELEASE else "-", paper=PAPERS),
    log:
        "<logs>/release.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/release.py"),
        release=to_json(RELEASE and RELEASE.model_dump()),
        licences=to_json(CONFIG.dataset.licences),
        references=to_json(CONFIG.dataset.references),
        folder=result(f"release/{RELEASE.folder if RELEASE else '-'}"),
        results=lambda wildcards: RESULTS,
        memory=CONFIG.translation.memory,
        languages=lambda wildcards: ready_languages(),
        targets=lambda wildcards: ready_targets(),
        config=lambda wildcards: pack(CONFIG, DATA),
        commit=lambda wildcards: to_json(code_state(CHECKOUT)),
        since=CONFIG.since or [],
        cells=lambda wildcards: to_json(grouped_cells() if released_beside("responses", "verdicts") else []),
        promptings=sorted(PROMPTINGS),
        judges=sorted(CONFIG.safety_judges),
        protocols=to_json({judge: CONFIG.judges[judge].protocol_file for judge in ASKED_BESIDE}),
        journal=lambda wildcards: JOURNAL,
    message:
        "Making the release."
    shell:
        'python3 "$XSAFETY/scripts/release.py"'
        " --release {params.release:q} --licences {params.licences:q} --references {params.references:q}"
        " --results {params.results:q} --about {input.about:q}"
        " --memory {params.memory:q} --languages {params.languages} --targets {params.targets}"
        ' --config {params.config:q} --code {params.commit:q} --checkout "$XSAFETY" --inputs {input.origins:q} {input.ledgers:q}'
        " --since {params.since:q} --cells {params.cells:q} --promptings {params.promptings} --judges {params.judges}"
        " --protocols {params.protocols:q} --journal {params.journal:q} --out {params.folder:q} 2>&1 | tee {log:q}"


rule changes:
    """Compare the release with an older one, row by row: snakemake changes --config since=FOLDER or a git tag."""
    input:
        "<results>/release/{name}/SHA256SUMS".format(name=RELEASE.folder if RELEASE else "-"),
    log:
        "<logs>/changes.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/changes.py"),
        release=to_json(RELEASE and RELEASE.model_dump()),
        since=CONFIG.since or [],
        folder=result(f"release/{RELEASE.folder if RELEASE else '-'}"),
        out=result("changes"),
    message:
        "Comparing the release with an older one."
    shell:
        'python3 "$XSAFETY/scripts/changes.py" --release {params.release:q} --since {params.since:q}'
        " --folder {params.folder:q} --out {params.out:q} 2>&1 | tee {log:q}"


rule crate:
    """Make an RO-Crate of the run."""
    input:
        report="<results>/report.html",
        tables=expand(
            "<results>/tables/{judge}/{file}",
            judge=CONFIG.safety_judges,
            file=[*(table.file for table in TABLES), RATES_FILE, COMPARISONS_FILE],
        ),
        choices=expand("<results>/tables/{judge}/choices.csv", judge=CONFIG.choice_judges),
        pairs="<results>/tables/judge_pairs.csv" if len(CONFIG.safety_judges) > 1 else [],
        qualities=expand("<results>/calibration/{judge}.csv", judge=CONFIG.safety_judges),
        charts=expand("<results>/charts/{name}.{kind}", name=drawing_names(CONFIG.models), kind=["svg", "csv"]),
        usage="<results>/usage.csv",
        tests="<results>/data_tests.txt",
        provenance="<results>/provenance.json",
        rates="<results>/review/modification_rates.csv",
    output:
        "<results>/crate/ro-crate-metadata.json",
    log:
        "<logs>/crate.log",
    localrule: True
    conda:
        "../envs/crate.yaml"
    params:
        code=digest("scripts/crate.py"),
        release=to_json(RELEASE and RELEASE.model_dump()),
        date=lambda wildcards: (RELEASE and RELEASE.date) or commit_date(CHECKOUT, code_state(CHECKOUT)) or [],
        results=lambda wildcards: RESULTS,
        origins=lambda wildcards: origins(CONFIG.targets),
        commit=lambda wildcards: to_json(code_state(CHECKOUT)),
        redact=to_json(CONFIG.report.redact),
        folder=result("crate"),
    message:
        "Making an RO-Crate of the run."
    shell:
        'python3 "$XSAFETY/scripts/crate.py" --release {params.release:q} --date {params.date:q} --results {params.results:q}'
        " --files {input.report:q} {input.tables:q} {input.choices:q} {input.pairs:q} {input.qualities:q} {input.charts:q}"
        " {input.usage:q} {input.tests:q} --origins {params.origins:q} --provenance {input.provenance:q}"
        " --redact {params.redact} --rates {input.rates:q} --code {params.commit:q}"
        ' --checkout "$XSAFETY" --out {params.folder:q} 2>&1 | tee {log:q}'
