# Stage: drafts.
# Takes seeds, ledgers and data/memory/{lang}.csv; asks an engine only for rows that no person and no memory has.
# Makes <results>/drafts/{lang}.csv and, for judges that read English, <results>/english/. A model in process is put all
# that its journal lacks by one job, `ask_drafts` or `ask_english`, so that it is loaded once. On request, by
# `snakemake freeze`, new drafts go to data/memory/. Config: translation.

from xsafety.text.languages import EN

TRANSLATION_ENVIRONMENT = f"../envs/{'models' if CONFIG.translation.openai else 'workflow'}.yaml"

# Whoever asks takes turns with the others that do; what a model in process said is only filed.
TURNS = int(not CONFIG.translation.transformers)

# What a judge that reads English reads as the query; an English seed stands beside each response.
ENGLISH_QUERIES = [] if CONFIG.dataset.source == EN else f"<results>/queries/{EN}.jsonl"


rule ask_drafts:
    """Ask a model in process for the drafts that its journal lacks, in all languages."""
    input:
        seeds="<results>/seeds.csv",
        ledgers=expand("<results>/review/{lang}/ledger.jsonl", lang=CONFIG.targets),
        given=GIVEN,
        weights=weights(the_translator),
    output:
        "<results>/asked/translator/drafts.json",
    log:
        "<logs>/ask_drafts.log",
    benchmark:
        "<logs>/ask_drafts.tsv"
    conda:
        "../envs/models.yaml"
    threads: threads_of(the_translator)
    resources:
        connection=translation_connection,
        gpu=gpus_of(the_translator),
        mem_mb=memory_of(the_translator),
        runtime=runtime_of(the_translator),
    params:
        code=digest("scripts/ask_drafts.py"),
        source=CONFIG.dataset.source,
        languages=CONFIG.targets,
        ledgers=result("review"),
        journal=journal("drafts"),
        # No input: a draft that was frozen is no reason to run anything again.
        memory=lambda wildcards: CONFIG.translation.memory,
        memory_states=lambda wildcards: to_json({lang: draft_memory(lang) for lang in CONFIG.targets}),
        translator=translator_identity,
        fingerprint=fingerprint(the_translator),
        attempt=attempt("translator/drafts.json"),
    shell:
        'python3 "$XSAFETY/scripts/ask_drafts.py"'
        " --seeds {input.seeds:q} --ledgers {params.ledgers:q} --given {input.given:q} --source {params.source}"
        " --languages {params.languages} --memory {params.memory:q} --translator {params.translator:q}"
        " --connection {resources.connection:q} --journal {params.journal:q} --threads {threads} {params.attempt}"
        " --receipt {output:q} > {log:q} 2>&1"
        f"{ENDED_EARLY}"


rule drafts:
    """Draft the rows that have no valid human translation."""
    input:
        seeds="<results>/seeds.csv",
        ledger="<results>/review/{lang}/ledger.jsonl",
        given=GIVEN,
        asked=asked_before("drafts.json"),
        weights=weights(the_translator),
    output:
        drafts="<results>/drafts/{lang}.csv",
        receipt="<results>/asked/drafts/{lang}.json",
    log:
        "<logs>/drafts/{lang}.log",
    conda:
        TRANSLATION_ENVIRONMENT
    resources:
        translator=TURNS,
        connection=translation_connection,
        mem_mb=memory_of(the_translator_online),
        runtime=runtime_of(the_translator_online),
    params:
        code=digest("scripts/drafts.py"),
        source=CONFIG.dataset.source,
        journal=journal("drafts/{lang}.jsonl"),
        # No input: a draft that was frozen is no reason to run anything again.
        memory=lambda wildcards: f"{CONFIG.translation.memory}/{wildcards.lang}.csv",
        memory_state=lambda wildcards: draft_memory(wildcards.lang),
        translator=translator_identity,
        fingerprint=fingerprint(the_translator),
        attempt=attempt("drafts/{lang}.json"),
    shell:
        'python3 "$XSAFETY/scripts/drafts.py"'
        " --seeds {input.seeds:q} --ledger {input.ledger:q} --given {input.given:q} --memory {params.memory:q}"
        " --memory-state {params.memory_state} --journal {params.journal:q} --out {output.drafts:q}"
        " --receipt {output.receipt:q} --source {params.source} --lang {wildcards.lang}"
        " --translator {params.translator:q} --asked {input.asked:q}"
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


rule ask_english:
    """Ask a model in process for the English translations of responses that its journal lacks."""
    input:
        responses=lambda wildcards: every_cell(
            "<results>/responses/{model}/{prompting}/{lang}.jsonl", some=english_cells(CONFIG.judges)
        ),
        queries=ENGLISH_QUERIES,
        weights=weights(the_translator),
    output:
        "<results>/asked/translator/english.json",
    log:
        "<logs>/ask_english.log",
    benchmark:
        "<logs>/ask_english.tsv"
    conda:
        "../envs/models.yaml"
    threads: threads_of(the_translator)
    resources:
        connection=translation_connection,
        gpu=gpus_of(the_translator),
        mem_mb=memory_of(the_translator),
        runtime=runtime_of(the_translator),
    params:
        code=digest("scripts/ask_english.py"),
        responses=result("responses"),
        cells=lambda wildcards: to_json(grouped_cells(english_cells(CONFIG.judges))),
        promptings=list(PROMPTINGS),
        journal=journal("english"),
        translator=translator_identity,
        fingerprint=fingerprint(the_translator),
        attempt=attempt("translator/english.json"),
    shell:
        'python3 "$XSAFETY/scripts/ask_english.py"'
        " --responses {params.responses:q} --queries {input.queries:q} --cells {params.cells:q}"
        " --promptings {params.promptings}"
        " --translator {params.translator:q} --connection {resources.connection:q} --journal {params.journal:q}"
        " --threads {threads} {params.attempt} --receipt {output:q} > {log:q} 2>&1"
        f"{ENDED_EARLY}"


rule english:
    """Translate responses to English for judges that read the translation."""
    input:
        responses="<results>/responses/{model}/{prompting}/{lang}.jsonl",
        asked=asked_before("english.json"),
        queries=ENGLISH_QUERIES,
        weights=weights(the_translator),
    output:
        english="<results>/english/{model}/{prompting}/{lang}.jsonl",
        receipt="<results>/asked/english/{model}/{prompting}/{lang}.json",
    log:
        "<logs>/english/{model}/{prompting}/{lang}.log",
    conda:
        TRANSLATION_ENVIRONMENT
    resources:
        translator=TURNS,
        connection=translation_connection,
        mem_mb=memory_of(the_translator_online),
        runtime=runtime_of(the_translator_online),
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
        " --translator {params.translator:q} --asked {input.asked:q}"
        " --connection {resources.connection:q} {params.attempt} > {log:q} 2>&1"
