#!/usr/bin/env bash
# Snakemake 9.27.1: a number given by --config is a number, but one inside a mapping is text; the
# same mapping in a --configfile holds a number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check snakemake==9.27.1
cd "$folder"
cat > Snakefile <<'SNAKEMAKE'
rule show:
    output: "seen.txt"
    run:
        with open(output[0], "w") as file:
            print(repr(config["folds"]), repr(config["tuning"]["folds"]), file=file)
SNAKEMAKE
printf 'folds: 4\ntuning: {folds: 4}\n' > file.yaml
export XDG_CACHE_HOME=$folder/cache
env/bin/snakemake --version
env/bin/snakemake --cores 1 --quiet all --config folds=4 'tuning={folds: 4}' >log 2>&1 || { cat log; exit 1; }
echo "--config: $(cat seen.txt)" | tee seen
rm seen.txt
env/bin/snakemake --cores 1 --quiet all --configfile file.yaml >log 2>&1 || { cat log; exit 1; }
echo "--configfile: $(cat seen.txt)" | tee -a seen
diff seen - <<'SEEN'
--config: 4 '4'
--configfile: 4 4
SEEN
