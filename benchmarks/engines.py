"""The processes that the contenders run in, each in an environment of its own."""

from __future__ import annotations

import os
import resource
import selectors
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
PEERS = HERE / "peers"
# beside .venv: not a part of the project's files
ENVIRONMENTS = ROOT / ".peers"
# for which every pinned package has a wheel
PEERS_PYTHON = "3.11"
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA", "BLIS")
}
# a process that loads, compiles and warms up gets this much longer than a run
START_SECONDS = 120.0
# of the machine's memory, what one process may take before it fails
MEMORY_SHARE = 0.5


class Timeout(Exception):
    """An engine did not answer in time; its process has been ended."""


class EngineError(Exception):
    """An engine answered with an error, or ended."""


def peers() -> list[str]:
    """The peers that have an environment described."""
    return sorted(path.stem for path in PEERS.glob("*.txt"))


def set_up(names: list[str]) -> dict[str, str]:
    """Make the environments of peers, anew.

    Returns
    -------
    dict of str to str
        What went wrong, by name of the peer.
    """
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    failed = {}
    for name in names:
        folder = ENVIRONMENTS / name
        wanted = PEERS / f"{name}.txt"
        commands = (
            [uv, "venv", "--quiet", "--clear", "--python", PEERS_PYTHON, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", str(_python(name)), "--no-deps",
             "--compile-bytecode", "--requirements", str(wanted)],
        )  # fmt: skip
        for command in commands:
            try:
                subprocess.run(command, check=True, capture_output=True, text=True)
            except OSError as error:
                failed[name] = f"{command[0]} does not start: {error.strerror}"
                break
            except subprocess.CalledProcessError as error:
                failed[name] = error.stderr.strip().splitlines()[-1]
                # half an environment would look like a peer that fails
                shutil.rmtree(folder, ignore_errors=True)
                break
    return failed


def _python(name: str) -> Path:
    return ENVIRONMENTS / name / "bin" / "python"


def _command(name: str) -> list[str]:
    if name == "glmnet":
        return ["Rscript", "--vanilla", str(HERE / "glmnet.R")]
    python = _python(name)
    if name not in peers():
        python = Path(sys.executable)
    elif not python.exists():
        raise EngineError(f"{name} is not installed: python -m benchmarks --setup")
    return [str(python), "-m", "benchmarks.worker"]


def _surroundings(name: str) -> dict[str, str]:
    # the path to the project's own packages is of no use to a peer's Python
    left_out = ("PYTHONPATH", "VIRTUAL_ENV") if name in peers() else ()
    return {k: v for k, v in os.environ.items() if k not in left_out} | ONE_THREAD


def _bound(process: subprocess.Popen) -> None:
    """Let a process that takes too much memory fail by itself."""
    if sys.platform == "linux":
        most = int(MEMORY_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (most, most))


class Engine:
    """A process that solves problems on request, started when needed.

    Parameters
    ----------
    name : str
        "normwise", "scikit-learn", "glmnet", or that of a peer.
    """

    def __init__(self, name: str) -> None:
        self.name, self.folder = name, Path()
        self.process: subprocess.Popen | None = None
        self.warmed: set[str] = set()

    def _start(self) -> None:
        command = _command(self.name)
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                cwd=ROOT,
                env=_surroundings(self.name),
            )
        except OSError as error:
            raise EngineError(f"{command[0]} does not start: {error.strerror}") from error
        _bound(self.process)
        self._read()

    def _read(self) -> None:
        self.warmed = set()
        try:
            self.ask(START_SECONDS, "load", self.folder)
        except EngineError:
            self.stop()
            raise

    def load(self, folder: Path) -> None:
        """Turn to the problem in a folder."""
        self.folder = folder
        if self.process is not None:
            self._read()

    def ask(self, limit: float, *fields: object) -> list[str]:
        """Send a request and wait for the reply, at most ``limit`` seconds."""
        if self.process is None:
            self._start()
        assert self.process and self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write("\t".join(map(str, fields)) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended; what follows tells how
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(limit):
                self.stop()
                raise Timeout
        reply = self.process.stdout.readline().rstrip("\n").split("\t")
        if reply[0] == "ok":
            return reply[1:]
        if reply[0] != "error":
            code = self.process.wait()
            self.process = None
            raise EngineError(f"the process ended with code {code}")
        raise EngineError("\t".join(reply[1:]))

    def prepare(self, contender: str) -> None:
        """Start the process and load compiled code, so that neither is timed."""
        try:
            if self.process is None:
                self._start()
            if contender not in self.warmed:
                self.ask(START_SECONDS, "warm", contender)
                self.warmed.add(contender)
        except Timeout:
            raise EngineError(f"was not ready after {START_SECONDS:g} s") from None

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None
