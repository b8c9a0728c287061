# Stage: seed queries.
# Takes data/seeds/*.csv, or a clone of the XSafety release. Makes <results>/seeds.csv and, of the release, its human
# translations as evidence and the table of its repaired and suspicious rows. Config: dataset.

if CONFIG.dataset.xsafety:

    rule read_release:
        """Read the XSafety release as it is."""
        input:
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
            code=digest("scripts/read_release.py"),
            release=lambda wildcards: CONFIG.dataset.xsafety,
            review=result("review"),
        shell:
            'python3 "$XSAFETY/scripts/read_release.py"'
            " --release {params.release:q} --seeds {output.seeds:q}"
            " --repairs {output.repairs:q} --review {params.review:q} 2> {log:q}"

else:

    rule seeds:
        """Check the English seed queries."""
        input:
            files=files(CONFIG.dataset.seeds, "*.csv"),
        output:
            "<results>/seeds.csv",
        log:
            "<logs>/seeds.log",
        conda:
            "../envs/workflow.yaml"
        params:
            code=digest("scripts/seeds.py"),
            folder=lambda wildcards: CONFIG.dataset.seeds,
        shell:
            'python3 "$XSAFETY/scripts/seeds.py" --folder {params.folder:q} --out {output:q} 2> {log:q}'
