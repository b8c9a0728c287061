# Stage: verdicts.
# Takes <results>/responses/. `ask_judge` puts what the journal lacks to a judge, in one process; `verdicts` files its
# verdicts from the journal, by the judge's protocol. A lexicon judge needs neither, and a majority the verdicts of others.
# Makes <results>/verdicts/{judge}/{model}/{prompting}/{lang}.jsonl. Config: judges. A judge of choices reads the responses
# to queries with shuffled options instead, and makes <results>/choices/{judge}/{model}.jsonl.


rule ask_judge:
    """Ask a judge for all the verdicts that its journal lacks."""
    input:
        about="<results>/dataset.json",
        responses=lambda wildcards: every_cell("<results>/responses/{model}/{prompting}/{lang}.jsonl"),
        english=lambda wildcards: every_cell(
            "<results>/english/{model}/{prompting}/{lang}.jsonl", some=english_cells([wildcards.judge])
        ),
        protocol=lambda wildcards: CONFIG.judges[wildcards.judge].protocol_file,
        weights=weights(the_judge),
    output:
        "<results>/asked/judges/{judge}.json",
    log:
        "<logs>/ask_judge/{judge}.log",
    benchmark:
        "<logs>/ask_judge/{judge}.tsv"
    conda:
        "../envs/models.yaml"
    threads: threads_of(the_judge)
    resources:
        connection=judge_connection,
        gpu=gpus_of(the_judge),
        mem_mb=memory_of(the_judge),
        runtime=runtime_of(the_judge),
    params:
        code=digest("scripts/ask_judge.py"),
        results=lambda wildcards: RESULTS,
        journal=journal("verdicts/{judge}"),
        identity=judge_identity,
        fingerprint=fingerprint(the_judge),
        # What an output counts as is a matter of filing.
        method=lambda wildcards: to_json(CONFIG.judges[wildcards.judge].method().model_dump(exclude={"controversial"})),
        cells=lambda wildcards: to_json(grouped_cells()),
        promptings=list(PROMPTINGS),
        attempt=attempt("judges/{judge}.json"),
    shell:
        'python3 "$XSAFETY/scripts/ask_judge.py"'
        " --results {params.results:q} --about {input.about:q} --cells {params.cells:q}"
        " --promptings {params.promptings} --identity {params.identity:q} --connection {resources.connection:q}"
        " --method {params.method:q} --journal {params.journal:q}"
        " --threads {threads} {params.attempt} --receipt {output:q} > {log:q} 2>&1"
        f"{ENDED_EARLY}"


judge_receipt = receipt_for("verdicts/{judge}/{model}/{prompting}/{lang}.jsonl", "verdict", "judges/{judge}.json")


rule verdicts:
    """File a judge's verdicts on one file of responses."""
    input:
        about="<results>/dataset.json",
        responses="<results>/responses/{model}/{prompting}/{lang}.jsonl",
        english=lambda wildcards: (
            "<results>/english/{model}/{prompting}/{lang}.jsonl"
            if reads_english(wildcards.judge, wildcards.lang)
            else []
        ),
        protocol=lambda wildcards: CONFIG.judges[wildcards.judge].protocol_file if is_asked(wildcards.judge) else [],
        receipt=lambda wildcards: judge_receipt(wildcards) if is_asked(wildcards.judge) else [],
        others=lambda wildcards: expand(
            "<results>/verdicts/{voter}/{model}/{prompting}/{lang}.jsonl", voter=voters(wildcards.judge), **wildcards
        ),
        # For refusals of responses and of the judge itself.
        packs=packs,
        weights=weights(the_judge),
    output:
        "<results>/verdicts/{judge}/{model}/{prompting}/{lang}.jsonl",
    log:
        "<logs>/verdicts/{judge}/{model}/{prompting}/{lang}.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/verdicts.py"),
        journal=journal("verdicts/{judge}"),
        identity=judge_identity,
        fingerprint=fingerprint(the_judge),
        reading=lambda wildcards: to_json(reading(wildcards.judge)),
    shell:
        'python3 "$XSAFETY/scripts/verdicts.py"'
        " --responses {input.responses:q} --english {input.english:q} --others {input.others:q} --about {input.about:q}"
        " --protocol {input.protocol:q} --receipt {input.receipt:q} --journal {params.journal:q}"
        " --identity {params.identity:q} --reading {params.reading:q}"
        " --judge {wildcards.judge} --part {wildcards.model}/{wildcards.prompting}/{wildcards.lang} --out {output:q} 2> {log:q}"


rule choices:
    """Read which options a model's responses to the queries with shuffled options choose."""
    input:
        queries=lambda wildcards: expand(f"<results>/queries/{{lang}}{SHUFFLED}.jsonl", lang=evaluated(wildcards.model)),
        responses=model_cells(f"<results>/responses/{{model}}/{{prompting}}/{{lang}}{SHUFFLED}.jsonl"),
        packs=lambda wildcards: sorted({file for lang in evaluated(wildcards.model) for file in packs_of(lang)}),
    output:
        "<results>/choices/{judge}/{model}.jsonl",
    log:
        "<logs>/choices/{judge}/{model}.log",
    wildcard_constraints:
        judge="|".join(map(re.escape, CONFIG.choice_judges)) or "-",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/choices.py"),
        queries=result("queries"),
        responses=result("responses/{model}"),
        promptings=list(PROMPTINGS),
        languages=lambda wildcards: evaluated(wildcards.model),
    shell:
        'python3 "$XSAFETY/scripts/choices.py"'
        " --queries {params.queries:q} --responses {params.responses:q} --promptings {params.promptings}"
        " --languages {params.languages} --judge {wildcards.judge} --model {wildcards.model} --out {output:q} 2> {log:q}"
