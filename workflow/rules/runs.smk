# What is done once in a run: before its first job, and after its last.
#
# Snakemake runs no handler of a module, and of several in files that include each other the last
# alone. What is here goes before the handlers that the main Snakefile has, or will have.

from snakemake.exceptions import WorkflowError

# studies of this workflow by results folder: two modules have two, and a module that is used twice
# has one
STUDIES = vars(workflow).setdefault("normwise_studies", {})


def before(event, ours):
    """Have a function called before the handler of `onstart`, `onsuccess` or `onerror`."""
    handler, register = f"_{event}", getattr(workflow, event)

    def put_first():
        theirs = getattr(workflow, handler)

        def both(log):
            ours()
            theirs(log)

        setattr(workflow, handler, both)

    def register_and_put_first(func):
        known = getattr(workflow, handler)
        register(func)
        # that of a module is not kept
        if getattr(workflow, handler) is not known:
            put_first()

    setattr(workflow, event, register_and_put_first)
    put_first()


def studies_at_work():
    """Studies that this run has jobs of."""
    at_work = {job.rule for job in workflow.dag.needrun_jobs()}
    return [
        s
        for s in STUDIES.values()
        if any(not at_work.isdisjoint(r) for r in s["rules"])
    ]


def start_runs():
    begun = studies_at_work()
    try:
        for study in begun:
            study["lock"]()
    except (BusyError, StorageError) as error:
        raise WorkflowError(str(error))
    for study in begun:
        study["begin"]()
    BEGUN.extend(begun)
    announce_work()


def end_runs(outcome):
    for study in BEGUN:
        study["end"](outcome)


def lock_results():
    begin_run(RESULTS)


def begin_study():
    RUN.start()
    STUDY.begin(fits_code())


def end_study(outcome):
    RUN.end(outcome)
    if outcome == "error":
        print(announce(STUDY.missing_now()), file=sys.stderr)


BEGUN = []
if not STUDIES:
    before("onstart", start_runs)
    before("onsuccess", lambda: end_runs("success"))
    before("onerror", lambda: end_runs("error"))
STUDIES.setdefault(
    str(RESULTS),
    {"rules": [], "lock": lock_results, "begin": begin_study, "end": end_study},
)["rules"].append(workflow.modifier.rules)
