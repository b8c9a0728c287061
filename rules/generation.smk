# Stage: responses.
# Takes <results>/queries/{lang}.jsonl of the ready languages. Where a judge scores choices, `shuffled` makes queries with
# their options in another order, <results>/queries/{lang}@shuffled.jsonl, which go the same way. `ask` puts what the journal lacks to a model, in one
# process; `responses` files the answers, from the journal alone, a file per prompting and language.
# Makes <results>/responses/{model}/{prompting}/{lang}.jsonl. Config: models, promptings, judges (engine: choice).


rule shuffled:
    """Put the options of a language's queries that ask for a choice into another order."""
    input:
        queries="<results>/queries/{lang}.jsonl",
        seeds="<results>/seeds.csv",
        packs=packs,
    output:
        queries=f"<results>/queries/{{lang}}{SHUFFLED}.jsonl",
        left_out="<results>/choices/left_out/{lang}.csv",
    log:
        "<logs>/shuffled/{lang}.log",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/shuffled.py"),
        source=CONFIG.dataset.source,
    shell:
        'python3 "$XSAFETY/scripts/shuffled.py"'
        " --queries {input.queries:q} --seeds {input.seeds:q} --lang {wildcards.lang} --source {params.source}"
        " --left-out {output.left_out:q} --out {output.queries:q} 2> {log:q}"


rule ask:
    """Ask a model all that its journal lacks."""
    input:
        about="<results>/dataset.json",
        queries=lambda wildcards: expand("<results>/queries/{file}.jsonl", file=asked_files(wildcards.model)),
        weights=weights(the_model),
    output:
        "<results>/asked/models/{model}.json",
    log:
        "<logs>/ask/{model}.log",
    benchmark:
        "<logs>/ask/{model}.tsv"
    conda:
        "../envs/models.yaml"
    threads: threads_of(the_model)
    resources:
        connection=model_connection,
        gpu=gpus_of(the_model),
        mem_mb=memory_of(the_model),
        runtime=runtime_of(the_model),
    params:
        code=digest("scripts/ask.py"),
        queries=result("queries"),
        journal=journal("responses/{model}"),
        languages=lambda wildcards: asked_files(wildcards.model),
        identity=model_identity,
        fingerprint=fingerprint(the_model),
        promptings=lambda wildcards: to_json(PROMPTINGS),
        attempt=attempt("models/{model}.json"),
    shell:
        'python3 "$XSAFETY/scripts/ask.py"'
        " --queries {params.queries:q} --about {input.about:q} --languages {params.languages}"
        " --identity {params.identity:q} --connection {resources.connection:q} --promptings {params.promptings:q}"
        " --journal {params.journal:q} --threads {threads} {params.attempt} --receipt {output:q} > {log:q} 2>&1"
        f"{ENDED_EARLY}"


rule responses:
    """File a model's responses to one language under one prompting method."""
    input:
        about="<results>/dataset.json",
        queries="<results>/queries/{lang}.jsonl",
        receipt=receipt_for("responses/{model}/{prompting}/{lang}.jsonl", "status", "models/{model}.json"),
        weights=weights(the_model),
    output:
        "<results>/responses/{model}/{prompting}/{lang}.jsonl",
    log:
        "<logs>/responses/{model}/{prompting}/{lang}.log",
    wildcard_constraints:
        lang=f"(?:{'|'.join(map(re.escape, CONFIG.languages))})(?:{SHUFFLED})?",
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/responses.py"),
        journal=journal("responses/{model}"),
        identity=model_identity,
        fingerprint=fingerprint(the_model),
        prompting=lambda wildcards: to_json(PROMPTINGS[wildcards.prompting]),
        reasoning=reasoning_marks,
    shell:
        'python3 "$XSAFETY/scripts/responses.py"'
        " --queries {input.queries:q} --about {input.about:q} --journal {params.journal:q} --receipt {input.receipt:q}"
        " --model {wildcards.model} --part {wildcards.prompting}/{wildcards.lang} --prompting {params.prompting:q}"
        " --reasoning {params.reasoning:q} --out {output:q} 2> {log:q}"
