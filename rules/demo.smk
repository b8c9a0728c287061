# The toy models of the demo, trained from scratch on the templated answers of this project, and its synthetic labels; no
# part of the main job. Takes data/seeds/, data/memory/. Makes <results>/models/demo-a and demo-b; copy them to
# data/models/ to ship them. `snakemake demo_labels`, after label_sheets, writes labels to data/labels/.


rule demo_model:
    """Train the demo's toy models."""
    input:
        expand("<results>/models/{toy}", toy=("demo-a", "demo-b")),


rule train_demo_model:
    """Train one toy model."""
    input:
        seeds=str(ROOT / "data/seeds/demo.csv"),
        memory=files(ROOT / "data/memory", "*.csv"),
        answers=str(ROOT / "xsafety/demo/answers.yaml"),
    output:
        directory("<results>/models/{toy}"),
    log:
        "<logs>/demo_model/{toy}.log",
    benchmark:
        "<logs>/demo_model/{toy}.tsv"
    wildcard_constraints:
        toy="demo-a|demo-b",
    conda:
        "../envs/models.yaml"
    params:
        code=digest("scripts/demo_model.py"),
        memory=lambda wildcards: str(ROOT / "data/memory"),
    shell:
        'python3 "$XSAFETY/scripts/demo_model.py"'
        " --name {wildcards.toy} --seeds {input.seeds:q} --memory {params.memory:q}"
        " --out {output:q} > {log:q} 2>&1"


rule demo_labels:
    """Write the demo's synthetic labels."""
    log:
        "<logs>/demo_labels.log",
    localrule: True
    conda:
        "../envs/workflow.yaml"
    params:
        code=digest("scripts/demo_labels.py"),
        # As rule label_sheets, it takes the verdicts that there are.
        results=lambda wildcards: RESULTS,
        labels=CONFIG.calibration.labels,
        judge=PRIMARY_JUDGE,
        prompting=FIRST_PROMPTING,
        models=list(CONFIG.models),
    shell:
        'python3 "$XSAFETY/scripts/demo_labels.py"'
        " --results {params.results:q} --labels {params.labels:q} --judge {params.judge}"
        " --prompting {params.prompting} --models {params.models} --languages en zh ar bn > {log:q} 2>&1"
