#!/usr/bin/env bash
# Snakemake 9.27.1: whether params have changed is asked of their values without their names, sorted:
# two that change places are no change, and the old output stays. NumPy arrays are left out of the
# question, while the same numbers as a list count. `--help` says that the default triggers guarantee
# results consistent with the configuration.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check snakemake==9.27.1 numpy==2.4.6
cd "$folder"
cat > Snakefile <<'SNAKEMAKE'
import numpy as np

rule places:
    output: "places.txt"
    params: low=config["low"], high=config["high"]
    shell: "echo {params.low} {params.high} > {output}"

rule array:
    output: "array.txt"
    params: both=np.array([config["low"], config["high"]])
    shell: "echo {params.both} > {output}"

rule list:
    output: "list.txt"
    params: both=[config["low"], config["high"]]
    shell: "echo {params.both} > {output}"
SNAKEMAKE
export XDG_CACHE_HOME=$folder/cache
env/bin/snakemake --version
run() { env/bin/snakemake --cores 1 --quiet all --config "low=$1" "high=$2" -- "$3.txt" >log 2>&1 || { cat log; exit 1; }; }
for name in places array list; do
  run 1 2 "$name"
  first=$(cat "$name.txt")
  run 2 1 "$name"
  second=$(cat "$name.txt")
  run 3 4 "$name"
  echo "$name, low 1 and high 2: $first; then 2 and 1: $second; then 3 and 4: $(cat "$name.txt")"
done | tee seen
diff seen - <<'SEEN'
places, low 1 and high 2: 1 2; then 2 and 1: 1 2; then 3 and 4: 3 4
array, low 1 and high 2: [1 2]; then 2 and 1: [1 2]; then 3 and 4: [1 2]
list, low 1 and high 2: 1 2; then 2 and 1: 2 1; then 3 and 4: 3 4
SEEN
