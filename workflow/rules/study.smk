# The config read and made into jobs. What follows asks STUDY; nothing is computed in the rules.

import inspect
import os
import sys
from pathlib import Path

from normwise.analysis.trials.cells import CELLS
from normwise.data.errors import ExtensionError, InputError
from normwise.data.imported import refuse_missing_files
from normwise.files.errors import BusyError, StorageError
from normwise.files.lock import begin_run, refuse_earlier_run
from normwise.provenance.code import code_of_rule as package_code
from normwise.provenance.code import codes_of_rules, fits_code, script_digest
from normwise.study.config import ConfigError, check_config
from normwise.study.extensions import load
from normwise.study.jobs import Study
from normwise.study.missing import announce
from normwise.study.requests import LEARNERS, Requests

# where this workflow lies, also when another one includes it
HERE = Path(str(workflow.current_basedir)).parent
# a copy, if the workflow comes from a repository elsewhere
SCHEMA = workflow.source_path("../schemas/config.schema.yaml")
# no pathlib: a config may have come from --config alone
CONFIG_NAME = str(workflow.configfiles[0]) if workflow.configfiles else "config"
# what begins with ~ is at home, also for rules that have been read
for modifier in workflow.modifier_stack:
    paths = modifier.pathvars.items
    paths.update({name: os.path.expanduser(path) for name, path in paths.items()})
# as the paths of the rules: a module may have a prefix
RESULTS = Path(workflow.pathvars.apply(workflow.modifier.modify_path("<results>")))

try:
    # names that a config may use
    load(f for f in config.get("extensions") or [] if str(f).endswith(".py"))
    config = check_config(config, SCHEMA, CONFIG_NAME, workflow.config_settings.config)
    # rules from elsewhere may make a file that is missing
    alone = Path(workflow.main_snakefile).resolve() == (HERE / "Snakefile").resolve()
    if alone and not any(f.endswith(".smk") for f in config["extensions"]):
        refuse_missing_files(config["datasets"])
    if not workflow.is_main_process:
        refuse_earlier_run(RESULTS)
except (BusyError, ConfigError, ExtensionError, InputError) as error:
    sys.exit(str(error))

# jobs re-use the cuts of the main process
STUDY = Study.planned(config, RESULTS, fits_code(), recut=workflow.is_main_process)
REQUESTS = Requests(STUDY)


def either(names):
    """Regular expression for a wildcard; no name matches if there are none."""
    return "|".join(names) or "(?!)"


wildcard_constraints:
    dataset=either(STUDY.datasets),
    penalty=either(STUDY.penalties),
    chunk=r"\d+",
    block=r"\d+",
    batch=r"\d+",
    cell=either(CELLS),
    study=either(STUDY.batches),
    figure=r"\w+",


def given(method):
    """Call a method with those wildcards of a job that it takes."""
    names = inspect.signature(method).parameters
    return lambda wildcards: method(
        **{name: value for name, value in wildcards.items() if name in names}
    )


def in_results(files):
    """Files that the study names, where they lie."""
    if isinstance(files, dict):
        return {key: in_results(each) for key, each in files.items()}
    return [f"<results>/{file}" for file in files]


def fits_of(wildcards):
    """Fits files of a block, or of a whole data set, by penalty."""
    return in_results(given(STUDY.fits)(wildcards))


def ask_for(request):
    """Memory and time of a job on a cluster; one that they did not suffice for gets more."""
    request = given(request)
    return {
        "mem_mb": lambda wildcards, attempt: attempt * request(wildcards).mem_mb,
        "runtime": lambda wildcards, attempt: attempt * request(wildcards).runtime,
    }


def source(path):
    """A copy of a file of this workflow, so old that its time makes nothing run again.

    Git and cp give files a new time whose content stays. What they say is among the params.
    """
    copy = workflow.source_path(path)
    os.utime(copy, (0, 0))
    return copy


def script_of(rule):
    return source(f"../scripts/{rule}.py")


def code_of_rule(rule, **wildcards):
    """Digests of a rule's script, and of what that runs of the package."""
    return [script_digest(script_of(rule)), package_code(rule, **wildcards)]


def data_file(path):
    return path if config["keep_data"] else temp(path)
