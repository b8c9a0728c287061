# Stage: seed queries.
# Takes the files of a data set, of one of the sources in xsafety/seeds/. Makes <results>/seeds.csv and, where human
# translations come along, these as evidence and the table of repaired and suspicious rows. Config: dataset.


rule seeds:
    """Read and check the data set: English seed queries, and translations that come along."""
    input:
        files=[file for pattern in SOURCE.files for file in files(CONFIG.dataset.folder, pattern)],
        # For what looks odd in translations that come along.
        packs=[file for lang in SOURCE.languages for file in packs_of(lang)],
    output:
        seeds="<results>/seeds.csv",
        repairs=["<results>/repairs.csv"] if SOURCE.languages else [],
        evidence=expand("<results>/review/{tag}/release.jsonl", tag=sorted(SOURCE.languages)),
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
        " --repairs {output.repairs:q} --review {params.review:q} 2> {log:q}"
