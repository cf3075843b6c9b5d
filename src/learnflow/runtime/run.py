"""`up` from the first lock to the last process."""

import sys

from learnflow import __version__
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.forge import Forge
from learnflow.runtime.hand_over import taken_over
from learnflow.runtime.instance import Instance
from learnflow.runtime.launch import Launch
from learnflow.runtime.options import Options
from learnflow.runtime.ports import bind_all
from learnflow.runtime.stages import Stages
from learnflow.runtime.summary import summary
from learnflow.runtime.supervisor import Interrupted, raise_when_interrupted

DELETED = (
    "{} was deleted while LearnFlow ran: what was in it is lost, and nothing can be kept any more. Start it again."
)


def run_processes(instance: Instance, options: Options, began: float, forge: Forge) -> int:
    """A process per service until Ctrl+C; the exit code. `forge` has begun to import."""
    lock = take(instance)
    stages = Stages(began=began)
    launch = Launch(
        instance, options, stages, lock, bind_all(options.services, options.listens_on, options.port_offset)
    )
    launch.forges.adopt(forge)
    raise_when_interrupted()
    try:
        launch.start()
        if launch.not_ready:
            _say_what_is_missing(instance, launch.not_ready)
        else:
            print(f"Ready in {stages.total_s:.2f} s\n\n{summary(options, launch.facts())}", flush=True)
        launch.supervisor.watch()
    except Interrupted:
        print("Interrupted while starting.", flush=True)
    except FileNotFoundError as error:
        if instance.data.exists():
            raise
        raise RuntimeProblem(DELETED.format(instance.data)) from error
    finally:
        print("Stopping ...", flush=True)
        launch.stop()
    return 0


def take(instance: Instance) -> int:
    """Hold the instance; RuntimeProblem when somebody else does."""
    instance.prepare()
    lock = instance.lock()
    print(f"LearnFlow {__version__}, data in {instance.data}", flush=True)
    return lock


def _say_what_is_missing(instance: Instance, reasons: dict[str, str]) -> None:
    for name, reason in reasons.items():
        print(f"{name} is not ready: {reason}. Its log: {instance.logs / name}.log", flush=True)
    print("The others run. Stop with Ctrl+C.", flush=True)


def main() -> None:
    """The supervisor's program; a RuntimeProblem is one sentence on stderr and exit code 1."""
    try:
        raise SystemExit(run_processes(*taken_over(sys.argv[1])))
    except RuntimeProblem as problem:
        print(problem, file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
