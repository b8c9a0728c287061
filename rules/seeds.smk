# Stage: seed queries.
# Takes the files of a data set, of one of the sources in xsafety/seeds/. Makes <results>/seeds.csv, what the data set
# says of itself, <results>/dataset.json (language, categories), and, where translations come along, these and the table
# of repaired and suspicious rows: of named sources <results>/translations.jsonl. Config: dataset.


rule seeds:
    """Read and check the data set: seed queries, and translations that come along."""
    input:
        files=[str(file) for file in origin_files(CONFIG.dataset)],
        # For what looks odd in translations that come along.
        packs=[file for lang in RELEASED for file in packs_of(lang)],
    output:
        seeds="<results>/seeds.csv",
        about="<results>/dataset.json",
        repairs=["<results>/repairs.csv"] if RELEASED or GIVEN else [],
        given=GIVEN,
        evidence=expand("<results>/review/{tag}/release.jsonl", tag=RELEASED),
    log:
        "<logs>/seeds.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/seeds.py"),
        dataset=dataset(),
        review=result("review"),
    shell:
        'python3 "$XSAFETY/scripts/seeds.py" --dataset {params.dataset:q} --seeds {output.seeds:q}'
        " --about {output.about:q} --repairs {output.repairs:q} --given {output.given:q} --review {params.review:q}"
        " 2> {log:q}"


rule import_check:
    """Print what comes of the data set, before anything is translated."""
    input:
        files=[str(file) for file in origin_files(CONFIG.dataset)],
    log:
        "<logs>/import_check.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/import_check.py"),
        dataset=dataset(),
        languages=CONFIG.languages,
    message:
        "Reading the data set."
    shell:
        'python3 "$XSAFETY/scripts/import_check.py" --dataset {params.dataset:q} --languages {params.languages}'
        " 2>&1 | tee {log:q}"
