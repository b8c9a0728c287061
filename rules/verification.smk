# Stage: human verification.
# Takes data/reviews/{lang}/round-{n}.{reviewer}.{xlsx,po,csv,jsonl}, the release's translations, seeds and drafts. Makes
# the ledger of evidence, machine checks, the sheets for reviewers, the status of every language (the checkpoint) and the
# data set of those that are ready: <results>/review/{lang}/ledger.jsonl, checks/{lang}.csv,
# sheets/{lang}.{csv,xlsx,po}, po/{lang}.po (all rows), review_status.csv, queries/{lang}.jsonl, and tables of what
# reviewers changed and how far they agree, review/{modification_rates,agreement}.csv; on demand <results>/audit.md, what
# checks found, and `snakemake status`, where every language stands.
# Config: verification.

from xsafety.verification.sheets.formats import WRITTEN as SHEET_FORMATS


rule ledger:
    """Fold returned review sheets into the ledger of evidence."""
    input:
        seeds="<results>/seeds.csv",
        reviews=reviews,
        release=release_evidence,
        given=GIVEN,
    output:
        ledger="<results>/review/{lang}/ledger.jsonl",
        problems="<results>/review/{lang}/problems.txt",
    log:
        "<logs>/ledger/{lang}.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/ledger.py"),
        reviews=lambda wildcards: f"{CONFIG.verification.reviews}/{wildcards.lang}",
        others=OTHERS,
    shell:
        'python3 "$XSAFETY/scripts/ledger.py"'
        " --seeds {input.seeds:q} --reviews {params.reviews:q} --release {input.release:q}"
        " --given {input.given:q} --lang {wildcards.lang}"
        " --different-reviewers {params.others} --out {output.ledger:q} --problems {output.problems:q} > {log:q} 2>&1"


rule check:
    """Look by machine for translations that are probably broken."""
    input:
        packs=packs,
        seeds="<results>/seeds.csv",
        ledger="<results>/review/{lang}/ledger.jsonl",
        drafts="<results>/drafts/{lang}.csv",
    output:
        "<results>/checks/{lang}.csv",
    log:
        "<logs>/check/{lang}.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/check.py"),
        source=CONFIG.dataset.source,
    shell:
        'python3 "$XSAFETY/scripts/check.py"'
        " --seeds {input.seeds:q} --ledger {input.ledger:q} --drafts {input.drafts:q}"
        " --source {params.source} --lang {wildcards.lang} --out {output:q} 2> {log:q}"


rule audit:
    """Count what the checks found, by language and category; run on demand."""
    input:
        about="<results>/dataset.json",
        seeds="<results>/seeds.csv",
        checks=expand("<results>/checks/{lang}.csv", lang=CONFIG.targets),
    output:
        "<results>/audit.md",
    log:
        "<logs>/audit.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/audit.py"),
    shell:
        'python3 "$XSAFETY/scripts/audit.py"'
        " --seeds {input.seeds:q} --about {input.about:q} --checks {input.checks:q} --out {output:q} 2> {log:q}"


rule sheet:
    """Write what reviewers get, in every format, suspicious rows first; and all rows as one PO file."""
    input:
        about="<results>/dataset.json",
        seeds="<results>/seeds.csv",
        ledger="<results>/review/{lang}/ledger.jsonl",
        drafts="<results>/drafts/{lang}.csv",
        checks="<results>/checks/{lang}.csv",
    output:
        sheets=expand("<results>/sheets/{{lang}}.{format}", format=SHEET_FORMATS),
        merged="<results>/po/{lang}.po",
    log:
        "<logs>/sheet/{lang}.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/sheet.py"),
        gate=gate(),
        reviews=CONFIG.verification.reviews,
    shell:
        'python3 "$XSAFETY/scripts/sheet.py"'
        " --seeds {input.seeds:q} --about {input.about:q} --ledger {input.ledger:q} --drafts {input.drafts:q}"
        " --checks {input.checks:q} --lang {wildcards.lang} --reviews {params.reviews:q} --gate {params.gate:q}"
        " --sheets {output.sheets:q} --merged {output.merged:q} 2> {log:q}"


checkpoint review_status:
    """Say where every language stands, and which are ready."""
    input:
        seeds="<results>/seeds.csv",
        ledgers=expand("<results>/review/{lang}/ledger.jsonl", lang=CONFIG.targets),
        problems=expand("<results>/review/{lang}/problems.txt", lang=CONFIG.targets),
        drafts=expand("<results>/drafts/{lang}.csv", lang=CONFIG.targets),
    output:
        "<results>/review_status.csv",
    log:
        "<logs>/review_status.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/review_status.py"),
        source=CONFIG.dataset.source,
        results=lambda wildcards: RESULTS,
        reviews=CONFIG.verification.reviews,
        languages=CONFIG.languages,
        gate=gate("min_coverage", "accept_drafts", "require_all", "different_reviewers"),
    shell:
        'python3 "$XSAFETY/scripts/review_status.py"'
        " --seeds {input.seeds:q} --source {params.source} --results {params.results:q} --reviews {params.reviews:q}"
        " --languages {params.languages} --gate {params.gate:q} --out {output:q} 2> {log:q}"


rule source_queries:
    """Write the data set of the seeds' own language."""
    input:
        seeds="<results>/seeds.csv",
    output:
        f"<results>/queries/{CONFIG.dataset.source}.jsonl",
    log:
        "<logs>/source_queries.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/source_queries.py"),
        lang=CONFIG.dataset.source,
    shell:
        'python3 "$XSAFETY/scripts/source_queries.py"'
        " --seeds {input.seeds:q} --lang {params.lang} --out {output:q} 2> {log:q}"


rule queries:
    """Write the data set of one language, row by row with provenance."""
    input:
        seeds="<results>/seeds.csv",
        ledger="<results>/review/{lang}/ledger.jsonl",
        drafts="<results>/drafts/{lang}.csv",
    output:
        "<results>/queries/{lang}.jsonl",
    log:
        "<logs>/queries/{lang}.log",
    wildcard_constraints:
        lang="|".join(map(re.escape, CONFIG.targets)) or "-",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/queries.py"),
        gate=gate("accept_drafts"),
    shell:
        'python3 "$XSAFETY/scripts/queries.py"'
        " --seeds {input.seeds:q} --ledger {input.ledger:q} --drafts {input.drafts:q}"
        " --lang {wildcards.lang} --gate {params.gate:q} --out {output:q} 2> {log:q}"


rule review_tables:
    """Count how much reviewers changed, and how far they agree."""
    input:
        about="<results>/dataset.json",
        seeds="<results>/seeds.csv",
        ledgers=expand("<results>/review/{lang}/ledger.jsonl", lang=CONFIG.targets),
    output:
        rates=report(
            "<results>/review/modification_rates.csv",
            caption="../report/modification_rates.rst",
            category="Verification",
        ),
        agreement=report("<results>/review/agreement.csv", caption="../report/agreement.rst", category="Verification"),
    log:
        "<logs>/review_tables.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/review_tables.py"),
    shell:
        'python3 "$XSAFETY/scripts/review_tables.py"'
        " --seeds {input.seeds:q} --about {input.about:q} --ledgers {input.ledgers:q} --rates {output.rates:q}"
        " --agreement {output.agreement:q} 2> {log:q}"


rule status:
    """Print where every language stands, and who must do what with which file."""
    input:
        seeds="<results>/seeds.csv",
        given=GIVEN,
        ledgers=expand("<results>/review/{lang}/ledger.jsonl", lang=CONFIG.targets),
        problems=expand("<results>/review/{lang}/problems.txt", lang=CONFIG.targets),
    log:
        "<logs>/status.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/status.py"),
        source=CONFIG.dataset.source,
        # No inputs: it leads to no draft being made.
        results=lambda wildcards: RESULTS,
        memory=CONFIG.translation.memory,
        reviews=CONFIG.verification.reviews,
        languages=CONFIG.languages,
        gate=gate("min_coverage", "accept_drafts", "different_reviewers"),
    message:
        "Looking at seeds, reviews and drafts."
    shell:
        'python3 "$XSAFETY/scripts/status.py"'
        " --seeds {input.seeds:q} --source {params.source} --given {input.given:q}"
        " --results {params.results:q} --memory {params.memory:q}"
        " --reviews {params.reviews:q} --languages {params.languages} --gate {params.gate:q} 2>&1 | tee {log:q}"
