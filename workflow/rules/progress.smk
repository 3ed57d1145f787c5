# What a run has to do, for the progress on the terminal: src/snakemake_logger_plugin_normwise.
# Fits are the resource of that name of a job.

from snakemake.logging import logger

# what a job takes, roughly; what jobs really take corrects it
SECONDS = {"compare": 20, "learn": 80, "report": 15}
SECONDS_PER_FIT = 0.02


def kind_of_job(job):
    named = (getattr(job.wildcards, n, None) for n in ("penalty", "dataset", "study"))
    return (job.rule.name, *filter(None, named))


def describe_job(job):
    fits = job.resources.get("fits", 0)
    seconds = SECONDS.get(job.rule.name, 5) + SECONDS_PER_FIT * fits
    if job.is_norun:
        seconds = 0
    return {"kind": kind_of_job(job), "seconds": seconds, "fits": fits}


def announce_work():
    """Tell the display what this run has to do, before its first job."""
    dag = workflow.dag
    jobs = {dag.jobid(job): describe_job(job) for job in dag.needrun_jobs()}
    after = {}
    for job in dag.needrun_jobs():
        before = {kind_of_job(j) for j in dag.dependencies[job] if dag.needrun(j)}
        after.setdefault(kind_of_job(job), set()).update(before)
    fits = sum(job["fits"] for job in jobs.values())
    plan = {
        "jobs": jobs,
        "after": after,
        "cores": workflow.cores if workflow.local_exec else None,
        "keep_going": workflow.execution_settings.keep_going,
    }
    logger.info(
        f"{fits:,} fits to do." if fits else "No fits to do.", extra={"plan": plan}
    )
