# Stage: a team's Weblate server; on request only, and nothing else depends on it.
# `snakemake weblate_send` takes <results>/po/{lang}.po and puts them into Weblate; `snakemake weblate_fetch` adds what
# people decided there to the returned sheets: data/reviews/{lang}/round-{n}.{reviewer}.jsonl. Config:
# verification.weblate, verification.reviews.

WEBLATE = CONFIG.verification.weblate


rule weblate_send:
    """Put the merged PO files into Weblate."""
    input:
        seeds="<results>/seeds.csv",
        po=expand("<results>/po/{lang}.po", lang=CONFIG.targets),
    log:
        "<logs>/weblate_send.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/weblate_send.py"),
        reviews=CONFIG.verification.reviews,
        po=result("po"),
        connection=to_json(WEBLATE and WEBLATE.model_dump()),
        languages=CONFIG.targets,
        others=OTHERS,
    message:
        "Sending translations to Weblate."
    shell:
        'python3 "$XSAFETY/scripts/weblate_send.py"'
        " --seeds {input.seeds:q} --reviews {params.reviews:q} --po {params.po:q}"
        " --connection {params.connection:q} --languages {params.languages:q} --different-reviewers {params.others}"
        " 2>&1 | tee {log:q}"


rule weblate_fetch:
    """Add what people decided in Weblate to the returned review sheets, to be committed."""
    input:
        seeds="<results>/seeds.csv",
    log:
        "<logs>/weblate_fetch.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/weblate_fetch.py"),
        reviews=CONFIG.verification.reviews,
        connection=to_json(WEBLATE and WEBLATE.model_dump()),
        languages=CONFIG.targets,
        others=OTHERS,
    message:
        "Fetching verdicts from Weblate."
    shell:
        'python3 "$XSAFETY/scripts/weblate_fetch.py"'
        " --seeds {input.seeds:q} --reviews {params.reviews:q}"
        " --connection {params.connection:q} --languages {params.languages:q} --different-reviewers {params.others}"
        " 2>&1 | tee {log:q}"
