"""Which instances a redeploy has to replace step by step, because the workload's controller would not: with the
strategy OnDelete those of the release that is replaced, and of a StatefulSet those that are not ready, since it waits
for them before it goes on. What its partition keeps stays, and is said."""

from __future__ import annotations

from tools.check import View
from tools.errors import Refused
from tools.model.action import Action, RedeployPriorRelease
from tools.model.nouns import Instance, Release, Workload
from tools.plan.replace import planned

SETS = ("StatefulSet", "DaemonSet")


def steps(workload: Workload, current: Release, target: Release, view: View) -> tuple[Action, ...]:
    """The template, then each instance that only an eviction replaces. Raises `Refused` where nothing of the workload
    would be replaced, `NotObserved` where its instances were not seen."""
    whole = RedeployPriorRelease(workload.ref, current.ref, target.ref)
    if workload.ref.kind not in SETS:
        return (whole,)
    running = [i for i in view.instances_of(workload) if not i.finished and not i.deleted]
    strategy = workload.strategy
    kept = strategy.partition if strategy is not None else 0
    if kept >= workload.replicas > 0:
        raise Refused(
            "partition",
            f"{workload.ref} would replace no instance: its partition {kept} keeps all of them",
            "spec.updateStrategy.rollingUpdate.partition",
            "lower the partition through the pipeline, and plan again",
        )
    if strategy is not None and strategy.type == "OnDelete":
        chosen = [i for i in running if _of(i, current)]
    elif workload.ref.kind == "StatefulSet":
        chosen = [i for i in running if not i.ready and not _of(i, target) and ordinal(i) >= kept]
    else:
        return (whole,)
    if not chosen and (strategy is None or strategy.type != "OnDelete"):
        return (whole,)
    written = RedeployPriorRelease(workload.ref, current.ref, target.ref, stepwise=True)
    return written, *(planned(i, delete_local_data=False) for i in sorted(chosen, key=_turn))


def notes(workload: Workload, target: Release, view: View) -> tuple[str, ...]:
    """What a person must mind of how this kind goes back."""
    strategy = workload.strategy
    if workload.ref.kind not in SETS or strategy is None:
        return ()
    told = []
    others = sorted(
        (i for i in view.instances_of(workload) if not i.finished and not i.deleted and not _of(i, target)),
        key=ordinal,
    )
    if strategy.partition:
        below = [i for i in others if ordinal(i) < strategy.partition]
        named = ", ".join(f"{i.ref.name} ({i.release_ref.name if i.release_ref else 'no release'})" for i in below)
        left = f"; of them run another release than {target.ref.name}: {named}" if named else ""
        told.append(f"its partition {strategy.partition} keeps the instances below that ordinal as they are{left}")
    if strategy.type == "OnDelete":
        told.append(
            "its strategy is OnDelete: the instances of the release that is replaced are evicted one by one, "
            "each verified before the next; those of other releases stay"
        )
    if workload.ref.kind == "StatefulSet":
        told.append("spec.volumeClaimTemplates and what its PersistentVolumeClaims hold stay as they are")
    return tuple(told)


def ordinal(instance: Instance) -> int:
    """The number at the end of a StatefulSet's instance's name; 0 where there is none."""
    last = instance.ref.name.rpartition("-")[2]
    return int(last) if last.isdecimal() else 0


def _turn(instance: Instance) -> tuple[bool, int, str]:
    """What is not ready first, since nothing is lost with it, from the lowest ordinal on, which a StatefulSet waits
    for; then the others, from the highest ordinal down."""
    number = ordinal(instance)
    return instance.ready, -number if instance.ready else number, instance.ref.name


def _of(instance: Instance, release: Release) -> bool:
    made_by = instance.release_ref
    return made_by is not None and (made_by.uid or made_by.name) in (release.ref.uid, release.ref.name)
