# Stage: plan.
# Takes what people own and the journal, whatever there is of them, and no result. Prints what a run would ask, and what
# that takes in tokens, money and time. Config: all that decides what is asked; prices and limits.


rule plan:
    """Print what a run would ask, and what that takes, before anything runs."""
    log:
        "<logs>/plan.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/plan.py"),
        # Without an output there is nothing to run again. Connections hold no secrets.
        settings=lambda wildcards: to_json(
            {
                "languages": CONFIG.languages,
                "dataset": CONFIG.dataset.model_dump(),
                "memory": CONFIG.translation.memory,
                "verification": CONFIG.verification.model_dump(),
                "promptings": PROMPTINGS,
                "translator": {
                    "name": (
                        CONFIG.translation.openai.model if CONFIG.translation.openai else CONFIG.translation.engine
                    ),
                    "identity": CONFIG.translation.model() or {"engine": CONFIG.translation.engine},
                    "connection": CONFIG.translation.connection(),
                    "provider": provider_of(CONFIG.translation.openai),
                },
                "models": [
                    {
                        "name": name,
                        "identity": model.identity(),
                        "connection": model.connection(),
                        "provider": provider_of(model),
                        "languages": model.languages,
                    }
                    for name, model in CONFIG.models.items()
                ],
                "judges": [
                    {
                        "name": name,
                        "identity": judge.identity(),
                        "connection": judge.connection(),
                        "provider": provider_of(judge),
                        "protocol": judge.protocol_file,
                        "reading": judge.reading(),
                    }
                    for name, judge in CONFIG.judges.items()
                    if is_asked(name)
                ],
                "journal": JOURNAL,
            }
        ),
    message:
        "Looking at seeds, reviews and the journal."
    shell:
        'python3 "$XSAFETY/scripts/plan.py" --settings {params.settings:q} 2>&1 | tee {log:q}'
