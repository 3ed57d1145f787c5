# Scripts run again when what they say changes, which the digests among the params know. Snakemake
# would also run them when their file has another time.

for each in workflow.modifier.rules:
    # those of a repository elsewhere have no time
    ours = each.basedir == workflow.current_basedir and each.basedir.is_local
    if ours and each.script:
        each.script = source(each.script)
