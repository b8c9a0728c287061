# Stage: verdicts.
# Takes <results>/responses/. `ask_judge` puts what the journal lacks to a judge, in one process; `verdicts` files its
# verdicts from the journal. A lexicon judge needs no asking.
# Makes <results>/verdicts/{judge}/{model}/{prompting}/{lang}.jsonl. Config: judges.


rule ask_judge:
    """Ask a judge for all the verdicts that its journal lacks."""
    input:
        code=code("ask_judge"),
        responses=lambda wildcards: every_cell("<results>/responses/{model}/{prompting}/{lang}.jsonl"),
        english=lambda wildcards: [
            file
            for lang in filter(lambda lang: reads_english(wildcards.judge, lang), ready_languages())
            for file in expand(
                "<results>/english/{model}/{prompting}/{lang}.jsonl",
                model=[model for model in CONFIG.models if lang in evaluated(model)],
                prompting=PROMPTINGS,
                lang=lang,
            )
        ],
    output:
        "<results>/asked/judges/{judge}.json",
    log:
        "<logs>/ask_judge/{judge}.log",
    benchmark:
        "<logs>/ask_judge/{judge}.tsv"
    conda:
        "../envs/models.yaml"
    resources:
        api=1,
        connection=judge_connection,
    params:
        results=lambda wildcards: RESULTS,
        journal=journal("verdicts/{judge}"),
        identity=judge_identity,
        cells=lambda wildcards: to_json(cells()),
        promptings=list(PROMPTINGS),
        attempt=attempt("judges/{judge}.json"),
    shell:
        "python3 {input.code[0]:q} --results {params.results:q} --cells {params.cells:q}"
        " --promptings {params.promptings} --identity {params.identity:q} --connection {resources.connection:q}"
        " --journal {params.journal:q} {params.attempt} --receipt {output:q} 2>&1 | tee {log:q}"


rule verdicts:
    """File a judge's verdicts on one file of responses."""
    input:
        code=code("verdicts"),
        responses="<results>/responses/{model}/{prompting}/{lang}.jsonl",
        english=lambda wildcards: (
            "<results>/english/{model}/{prompting}/{lang}.jsonl"
            if reads_english(wildcards.judge, wildcards.lang)
            else []
        ),
        receipt=lambda wildcards: (ancient("<results>/asked/judges/{judge}.json") if is_asked(wildcards.judge) else []),
        lexicon=lexicons,
    output:
        "<results>/verdicts/{judge}/{model}/{prompting}/{lang}.jsonl",
    log:
        "<logs>/verdicts/{judge}/{model}/{prompting}/{lang}.log",
    conda:
        "../envs/workflow.yaml"
    params:
        journal=journal("verdicts/{judge}"),
        identity=judge_identity,
    shell:
        "python3 {input.code[0]:q} --responses {input.responses:q} --english {input.english:q}"
        " --receipt {input.receipt:q} --journal {params.journal:q} --identity {params.identity:q}"
        " --part {wildcards.model}/{wildcards.prompting}/{wildcards.lang} --out {output:q} 2> {log:q}"
