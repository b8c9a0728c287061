# Stage: status.
# Takes seeds, ledgers and problems of returned sheets, which it makes first, and the drafts that there are. Prints where
# the verification of every language stands, and who must do what with which file. Config: verification.


rule status:
    """Print where every language stands, and who must do what with which file."""
    input:
        code=code("status"),
        seeds="<results>/seeds.csv",
        ledgers=expand("<results>/review/{lang}/ledger.jsonl", lang=CONFIG.targets),
        problems=expand("<results>/review/{lang}/problems.txt", lang=CONFIG.targets),
    log:
        "<logs>/status.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        # No inputs: it leads to no draft being made.
        results=lambda wildcards: RESULTS,
        memory=CONFIG.translation.memory,
        reviews=CONFIG.verification.reviews,
        languages=CONFIG.languages,
        gate=gate("min_coverage", "accept_drafts", "different_reviewers"),
    message:
        "Looking at seeds, reviews and drafts."
    shell:
        "python3 {input.code[0]:q} --seeds {input.seeds:q} --results {params.results:q} --memory {params.memory:q}"
        " --reviews {params.reviews:q} --languages {params.languages} --gate {params.gate:q} 2>&1 | tee {log:q}"
