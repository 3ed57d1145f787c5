#!/usr/bin/env bash
# Snakemake 9.27.1: a script whose time is newer than the output counts as changed code, though its
# content is the same: a `git checkout` of another branch and back runs the jobs again. An input
# file that is touched, of the same content, does not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check snakemake==9.27.1
cd "$folder"
cat > Snakefile <<'SNAKEMAKE'
rule made:
    input: "in.txt"
    output: "out.txt"
    script: "make.py"
SNAKEMAKE
printf 'open(snakemake.output[0], "w").write(open(snakemake.input[0]).read())\n' > make.py
echo data > in.txt
export XDG_CACHE_HOME=$folder/cache
env/bin/snakemake --version
env/bin/snakemake --quiet all --cores 1 -- out.txt >log 2>&1 || { cat log; exit 1; }
say() {
  local answer
  answer=$(env/bin/snakemake --dry-run --cores 1 -- out.txt 2>&1)
  if grep -q 'Nothing to be done' <<<"$answer"; then echo "$1: nothing to be done"; else
    echo "$1: $(grep -om1 'reason: .*' <<<"$answer")"; fi
}
say "after the run" | tee seen
sleep 1.1
touch in.txt
say "input touched" | tee -a seen
sleep 1.1
touch make.py
say "script touched" | tee -a seen
diff seen - <<'SEEN'
after the run: nothing to be done
input touched: nothing to be done
script touched: reason: Code has changed since last execution
SEEN
