# The toy models of the demo, trained from scratch on the templated answers of this project; no part of the main job.
# Takes data/seeds/, data/memory/. Makes <results>/models/demo-a and demo-b; copy them to data/models/ to ship them.


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
