# Stage: seed queries.
# Takes data/seeds/*.csv, or a clone of the XSafety release. Makes <results>/seeds.csv and, of the release, its human
# translations as evidence and the table of its repaired and suspicious rows. Config: dataset.

if CONFIG.dataset.xsafety:

    rule read_release:
        """Read the XSafety release as it is."""
        input:
            code=code("read_release"),
            files=files(CONFIG.dataset.xsafety, "*/*.csv") + files(CONFIG.dataset.xsafety, "*/*.xlsx"),
        output:
            seeds="<results>/seeds.csv",
            repairs="<results>/repairs.csv",
            evidence=expand("<results>/review/{tag}/release.jsonl", tag=sorted(RELEASE_LANGUAGES)),
        log:
            "<logs>/read_release.log",
        conda:
            "../envs/workflow.yaml"
        params:
            release=lambda wildcards: CONFIG.dataset.xsafety,
            review=result("review"),
        shell:
            "python3 {input.code[0]:q} --release {params.release:q} --seeds {output.seeds:q}"
            " --repairs {output.repairs:q} --review {params.review:q} 2> {log:q}"

else:

    rule seeds:
        """Check the English seed queries."""
        input:
            code=code("seeds"),
            files=files(CONFIG.dataset.seeds, "*.csv"),
        output:
            "<results>/seeds.csv",
        log:
            "<logs>/seeds.log",
        conda:
            "../envs/workflow.yaml"
        params:
            folder=lambda wildcards: CONFIG.dataset.seeds,
        shell:
            "python3 {input.code[0]:q} --folder {params.folder:q} --out {output:q} 2> {log:q}"
