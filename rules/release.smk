# Stage: releases of the data set; on request only.
# `snakemake release` takes <results>/queries/ with ledgers, checks and review tables. Makes <results>/release/{name}/: the
# rows of each language as Parquet and JSON Lines, a card, a description in Croissant, checksums, and what it rests on
# (docs/release.md). Config: release, dataset.licence.
from xsafety.release.provenance import DATA, code_state, pack

RELEASE = CONFIG.release
PAPERS = "README.md CHANGES.md CITATION.cff LICENSE croissant.json provenance.json SHA256SUMS".split()


def ready_targets():
    return [lang for lang in ready_languages() if lang in CONFIG.targets]


def ready(pattern):
    """A pattern's files for the ready languages that have a translation."""
    return lambda wildcards: expand(pattern, lang=ready_targets())


def origins(languages):
    """The files that a data set is made of: its source and the committed drafts. Names of sheets would name people."""
    memory = [file for lang in languages for file in files(CONFIG.translation.memory, f"{lang}.csv")]
    return [str(file) for file in origin_files(CONFIG.dataset)] + memory


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
        folder=result(f"release/{RELEASE.folder if RELEASE else '-'}"),
        results=lambda wildcards: RESULTS,
        memory=CONFIG.translation.memory,
        languages=lambda wildcards: ready_languages(),
        targets=lambda wildcards: ready_targets(),
        config=lambda wildcards: pack(CONFIG, DATA),
        commit=lambda wildcards: to_json(code_state(CHECKOUT)),
    message:
        "Making the release."
    shell:
        'python3 "$XSAFETY/scripts/release.py"'
        " --release {params.release:q} --licences {params.licences:q} --results {params.results:q} --about {input.about:q}"
        " --memory {params.memory:q} --languages {params.languages} --targets {params.targets}"
        ' --config {params.config:q} --code {params.commit:q} --checkout "$XSAFETY" --inputs {input.origins:q} {input.ledgers:q}'
        " --out {params.folder:q} 2>&1 | tee {log:q}"
