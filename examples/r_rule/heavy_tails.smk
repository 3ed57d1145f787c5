# A data set from R: one rule runs the script, the other puts its arrays into the data file.
import sys


rule draw_in_r:
    output:
        X=temp("<results>/heavy_tails/X.npy"),
        y=temp("<results>/heavy_tails/y.npy"),
        coef=temp("<results>/heavy_tails/coef.npy"),
    log:
        "<logs>/draw_in_r.log",
    params:
        seed=config["seed"],
    script:
        "draw_data.R"


# an .npz file is a zip archive of .npy files
rule heavy_tails:
    input:
        rules.draw_in_r.output,
    output:
        data_file("<results>/data/heavy_tails/0.npz"),
    log:
        "<logs>/heavy_tails.log",
    params:
        python=sys.executable,
    shell:
        "{params.python} -m zipfile -c {output} {input} 2> {log}"
