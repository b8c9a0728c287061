# Stage: drafts.
# Takes seeds, ledgers and data/memory/{lang}.csv; asks an engine only for rows that no person and no memory has.
# Makes <results>/drafts/{lang}.csv and, for judges that read English, <results>/english/. On request, by
# `snakemake freeze`, new drafts go to data/memory/. Config: translation.

from xsafety.text.languages import EN

TRANSLATION_ENVIRONMENT = f"../envs/{'models' if CONFIG.translation.model else 'workflow'}.yaml"


rule drafts:
    """Draft the rows that have no valid human translation."""
    input:
        seeds="<results>/seeds.csv",
        ledger="<results>/review/{lang}/ledger.jsonl",
        given=GIVEN,
        weights=weights(the_translator),
    output:
        drafts="<results>/drafts/{lang}.csv",
        receipt="<results>/asked/drafts/{lang}.json",
    log:
        "<logs>/drafts/{lang}.log",
    conda:
        TRANSLATION_ENVIRONMENT
    threads: threads_of(the_translator)
    resources:
        translator=1,
        connection=translation_connection,
        gpu=gpus_of(the_translator),
        mem_mb=memory_of(the_translator),
        runtime=1440,
    params:
        code=digest("scripts/drafts.py"),
        source=CONFIG.dataset.source,
        journal=journal("drafts/{lang}.jsonl"),
        # No input: a draft that was frozen is no reason to run anything again.
        memory=lambda wildcards: f"{CONFIG.translation.memory}/{wildcards.lang}.csv",
        memory_state=lambda wildcards: memory_state(
            Path(CONFIG.translation.memory, f"{wildcards.lang}.csv"),
            Path(RESULTS, "drafts", f"{wildcards.lang}.csv"),
            Path(RESULTS, "asked", "drafts", f"{wildcards.lang}.json"),
        ),
        translator=translator_identity,
        fingerprint=fingerprint(the_translator),
        attempt=attempt("drafts/{lang}.json"),
    shell:
        'python3 "$XSAFETY/scripts/drafts.py"'
        " --seeds {input.seeds:q} --ledger {input.ledger:q} --given {input.given:q} --memory {params.memory:q}"
        " --memory-state {params.memory_state} --journal {params.journal:q} --out {output.drafts:q}"
        " --receipt {output.receipt:q} --source {params.source} --lang {wildcards.lang}"
        " --translator {params.translator:q} --threads {threads}"
        " --connection {resources.connection:q} {params.attempt} > {log:q} 2>&1"


rule freeze:
    """Add new drafts to the translation memory, to be committed."""
    log:
        "<logs>/freeze.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/freeze.py"),
        # It takes the drafts that there are, and leads to none being made.
        results=lambda wildcards: RESULTS,
        memory=CONFIG.translation.memory,
        languages=CONFIG.targets,
        dataset=dataset(),
    message:
        "Adding new drafts to the translation memory."
    shell:
        'python3 "$XSAFETY/scripts/freeze.py"'
        " --results {params.results:q} --memory {params.memory:q}"
        " --languages {params.languages} --dataset {params.dataset:q} 2>&1 | tee {log:q}"


rule english:
    """Translate responses to English for judges that read the translation."""
    input:
        responses="<results>/responses/{model}/{prompting}/{lang}.jsonl",
        # What such a judge reads as the query; an English seed stands beside each response.
        queries=[] if CONFIG.dataset.source == EN else f"<results>/queries/{EN}.jsonl",
        weights=weights(the_translator),
    output:
        english="<results>/english/{model}/{prompting}/{lang}.jsonl",
        receipt="<results>/asked/english/{model}/{prompting}/{lang}.json",
    log:
        "<logs>/english/{model}/{prompting}/{lang}.log",
    conda:
        TRANSLATION_ENVIRONMENT
    threads: threads_of(the_translator)
    resources:
        translator=1,
        connection=translation_connection,
        gpu=gpus_of(the_translator),
        mem_mb=memory_of(the_translator),
        runtime=1440,
    params:
        code=digest("scripts/english.py"),
        journal=journal("english/{model}/{prompting}/{lang}.jsonl"),
        translator=translator_identity,
        fingerprint=fingerprint(the_translator),
        attempt=attempt("english/{model}/{prompting}/{lang}.json"),
    shell:
        'python3 "$XSAFETY/scripts/english.py"'
        " --responses {input.responses:q} --queries {input.queries:q} --journal {params.journal:q}"
        " --out {output.english:q} --receipt {output.receipt:q}"
        " --model {wildcards.model} --prompting {wildcards.prompting} --lang {wildcards.lang}"
        " --translator {params.translator:q} --threads {threads} --connection {resources.connection:q} {params.attempt} > {log:q} 2>&1"
