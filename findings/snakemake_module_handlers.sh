#!/usr/bin/env bash
# Snakemake 9.27.1: onstart and onsuccess of a workflow run where it is run itself, and where it is
# included; where another workflow uses it as a module they do not, without a word.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check snakemake==9.27.1
cd "$folder"
cat > inner.smk <<'SNAKEMAKE'
onstart:
    shell("touch started")

onsuccess:
    shell("touch ended")

rule made:
    output: "made.txt"
    shell: "echo done > {output}"
SNAKEMAKE
printf 'include: "inner.smk"\n' > including.smk
cat > using.smk <<'SNAKEMAKE'
module inner:
    snakefile: "inner.smk"

use rule * from inner
SNAKEMAKE
export XDG_CACHE_HOME=$folder/cache
env/bin/snakemake --version
for way in inner including using; do
  rm -f made.txt started ended
  env/bin/snakemake --snakefile "$way.smk" --quiet all --cores 1 -- made.txt >"$way.log" 2>&1 || { cat "$way.log"; exit 1; }
  printf '%s: made %s, started %s, ended %s\n' "$way" \
    "$(test -e made.txt && echo yes || echo no)" "$(test -e started && echo yes || echo no)" \
    "$(test -e ended && echo yes || echo no)" | tee -a seen
done
diff seen - <<'SEEN'
inner: made yes, started yes, ended yes
including: made yes, started yes, ended yes
using: made yes, started no, ended no
SEEN
