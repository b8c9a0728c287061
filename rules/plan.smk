# Stage: plan.
# Takes seeds and ledgers, which it makes first, and the translation memory and the journal as they are; no other result.
# Prints what a run would ask, and what that takes in tokens, money and time. Config: all that decides what is asked;
# prices and limits.


rule plan:
    """Print what a run would ask, and what that takes, before anything is asked."""
    input:
        about="<results>/dataset.json",
        seeds="<results>/seeds.csv",
        ledgers=expand("<results>/review/{lang}/ledger.jsonl", lang=CONFIG.targets),
        problems=expand("<results>/review/{lang}/problems.txt", lang=CONFIG.targets),
    log:
        "<logs>/plan.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/plan.py"),
        # Files, since a command line holds no configuration of hundreds of models. Without an output there is nothing
        # to run again.
        configfiles=lambda wildcards: [str(file) for file in workflow.configfiles],
        overrides=lambda wildcards: to_json(dict(workflow.config_settings.config)),
    message:
        "Looking at seeds, reviews and the journal."
    shell:
        'python3 "$XSAFETY/scripts/plan.py"'
        " --seeds {input.seeds:q} --about {input.about:q} --configfiles {params.configfiles:q}"
        " --overrides {params.overrides:q} 2>&1 | tee {log:q}"
