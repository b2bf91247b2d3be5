"""Random SIGKILLs over plans on an embedded AWS: nothing is done twice, nothing lost, nothing left half done unsaid.

Plans are redeploys of a prior image (an instance refresh), replacements of a server, and replacements of two servers
that somebody changed in place (two steps). Each is killed a few times, at a random moment or at a random point, and
then resumed to its end. What was done is read from the account's own trail (CloudTrail's LookupEvents), not from the
product. Each account lives in a process of its own, which nothing kills.

`python -m bench.aws_kills [KILLS [SECONDS]]`: it begins no plan after so many seconds, and says how far it came.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from auditor.embedded_aws import EmbeddedAws, RealClock, serve
from auditor.embedded_aws.server import REGION
from auditor.embedded_aws.world import World
from bench.measure import scratch
from tests.aws_fleet import Fleet
from tests.driver import command
from tests.driver.kill_at import Stop
from tests.driver.servers import ServerLoop

KILLS = 200
SECONDS = 1500.0
A_PLAN = 5
"""Kills for each plan, before it is let come to its end."""
LONGEST = 1.5
"""Seconds after which a kill comes at the latest."""
LANES = 2
"""How many accounts, each with a home of its own, plans are killed in at a time."""
POINTS = [
    f"{step}:{when}"
    for step in ("claim", "gate", "intent", "send", "effect", "done", "verify")
    for when in ("before", "after")
]
"""In the order in which an execution comes by them; what one kill left behind, the next one need not aim at."""
SIZE = 3
ACTOR = "auditor-actor"
ACTS = {"StartInstanceRefresh": "autoScalingGroupName", "TerminateInstanceInAutoScalingGroup": "instanceId"}
"""The calls of these plans, and the parameter that says what each is done to."""
KINDS = ("redeploy", "replace", "replace-two")
COUNTED = ("acts done twice", "acts unasked", "plans lost", "acts unsaid", "runs unsaid", "ledger faults")
"""What there must be none of."""


def _host(pipe: Connection) -> None:
    """The account's process: it serves until the pipe is closed, and is emptied whenever asked to."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # where its server tells each request that a kill has cut off
    with serve(RealClock()) as aws:
        _known(aws)
        pipe.send(aws.endpoint)
        try:
            while pipe.recv() == "reset":
                aws.reset()
                _known(aws)
                pipe.send("done")
        except EOFError:
            return


def _known(aws: EmbeddedAws) -> None:
    """Let the account know everybody who will call."""
    for role in (("deploy", "pipeline-812"), ("auditor-reader", "audit"), (ACTOR, "execute")):
        aws.role(*role)
    for person in ("alice", "ada"):
        aws.person(person)


@contextmanager
def hosted() -> Iterator[tuple[EmbeddedAws, Connection]]:
    """The account as a caller sees it, and the pipe to its process."""
    spawned = multiprocessing.get_context("spawn")
    pipe, other = spawned.Pipe()
    process = spawned.Process(target=_host, args=(other,))
    process.start()
    other.close()
    try:
        yield EmbeddedAws(pipe.recv(), REGION, World(RealClock(), 0)), pipe
    finally:
        pipe.close()
        process.join(30)
        if process.exitcode is None:
            process.terminate()


class Round:
    """One plan: its group, its kills, and what the account's trail holds of it."""

    def __init__(self, aws: EmbeddedAws, home: Path, kind: str, chance: random.Random) -> None:
        self.fleet, self.kind, self.chance = Fleet(aws), kind, chance
        self.points = list(POINTS)
        self.loop = ServerLoop(self.fleet, home)
        self.loop.settings("[checks.rollout-complete]\ngrace = 0\n")
        self.fleet.template("web", self.fleet.image("web-1"))
        self.before = self.fleet.group("web", "1", SIZE, DefaultInstanceWarmup=0)
        self.fleet.template("web", self.fleet.image("web-2"))
        self.plan = self.loop.approved(*self._wanted())
        self.asked = self._asked()

    def run(self, kills: int) -> Counter[str]:
        """Kill it so often, and let it end; what was counted."""
        counted: Counter[str] = Counter()
        verb = "execute"
        for _ in range(kills):
            if not self._killed(verb):
                break
            counted["kills"] += 1
            counted["acts unsaid"] += self._unsaid()
            counted["runs unsaid"] += self._untold()
            verb = "resume" if self._claimed() else "execute"
        said = self.loop.run(self.loop.actor, verb, self.plan["run"]) if self._state() != "done" else None
        counted["plans"] += 1
        counted["steps"] += len(self.plan["steps"])
        acts = self._acts()
        counted["acts"] += acts.total()
        counted["acts done twice"] += sum(times - 1 for times in acts.values())
        counted["acts unasked"] += sum(times for act, times in acts.items() if act not in self.asked)
        lost = self._lost(acts)
        if lost:
            print(f"  lost: {self.kind}: {lost} {said}", file=sys.stderr, flush=True)
        counted["plans lost"] += bool(lost)
        proof = command.run(self.loop.home, "ledger", "verify")
        if proof.code:
            print(f"  ledger: {proof}", file=sys.stderr, flush=True)
        counted["ledger faults"] += bool(proof.code)
        return counted

    def _wanted(self) -> tuple[str, ...]:
        """What makes the plan of its kind: the words for `auditor plan`."""
        if self.kind == "redeploy":
            self.fleet.pin("web", "2")
            time.sleep(1.1)  # the grace of none is over when a second is
            return (self.loop.finding("rollout-complete", "web")["fingerprint"],)
        if self.kind == "replace":
            return ("--replace", self.before[0])
        ada = self.fleet.client("ec2", self.fleet.aws.person("ada"))
        for server in self.before[:2]:
            ada.create_replace_root_volume_task(InstanceId=server)
        return (self.loop.finding("in-place-change", "web")["fingerprint"],)

    def _asked(self) -> set[tuple[str, str]]:
        """The acts that the plan's steps are."""
        if self.kind == "redeploy":
            return {("StartInstanceRefresh", "web")}
        ended = self.before[: 1 if self.kind == "replace" else 2]
        assert len(self.plan["steps"]) == len(ended), self.plan["steps"]
        return {("TerminateInstanceInAutoScalingGroup", server) for server in ended}

    def _killed(self, verb: str) -> bool:
        """Run it, and kill it at a random moment or point; whether it was killed before it came to its end."""
        stop = None
        if self.points and self.chance.random() < 0.6:
            at = self.chance.randrange(len(self.points))
            stop = Stop(self.points[at], step=self.chance.randint(1, len(self.plan["steps"])))
            self.points = self.points[at + 1 :]
        environment = self.fleet.aws.environment(self.loop.actor)
        running = command.start(self.loop.home, verb, self.plan["run"], stop=stop, environment=environment)
        running.process.join(command.SECONDS if stop else self.chance.uniform(0.0, LONGEST))
        if running.process.exitcode is None:
            running.process.kill()
        running.process.join()
        return running.process.exitcode == -9

    def _acts(self) -> Counter[tuple[str, str]]:
        """What the actor did to what, by the trail: what the account accepted of all that it was sent."""
        asked = {"LookupAttributes": [{"AttributeKey": "Username", "AttributeValue": "execute"}]}
        pages = self.fleet.client("cloudtrail").get_paginator("lookup_events").paginate(**asked)
        events = [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]
        return Counter(
            (event["eventName"], str(event["requestParameters"].get(ACTS.get(event["eventName"], ""))))
            for event in events
            if f"/{ACTOR}/" in event["userIdentity"]["arn"] and not event["readOnly"] and "errorCode" not in event
        )

    def _unsaid(self) -> int:
        """Acts that the account has seen and the journal has not said beforehand."""
        said = {step for (step,) in self._sql("SELECT step FROM journal WHERE plan = ?", self.plan["id"])}
        return max(0, self._acts().total() - len(said))

    def _untold(self) -> int:
        """Whether the plan stands half done and `auditor runs` calls it neither executing nor done."""
        if not self._acts():
            return 0
        listed = command.run(self.loop.home, "runs", "--json").out
        told = [run for run in json.loads(listed)["runs"] if run["id"] == self.plan["run"]]
        return int([run["state"] for run in told] not in (["executing"], ["done"]))

    def _lost(self, acts: Counter[tuple[str, str]]) -> str:
        """In what the plan did not come to its end; empty where it did."""
        if self._state() != "done":
            return f"its run is {self._state()}"
        if missing := self.asked - acts.keys():
            return f"never done: {missing}"
        group = self.fleet.told("web")
        servers = {member["InstanceId"]: member["LaunchTemplate"]["Version"] for member in group["Instances"]}
        gone = set(self.before) if self.kind == "redeploy" else {server for _, server in self.asked}
        kept = set(self.before) - gone
        if len(servers) != SIZE or set(servers.values()) != {"1"} or gone & servers.keys() or kept - servers.keys():
            return f"its servers are {servers}, and were {self.before}"
        return "" if group["LaunchTemplate"]["Version"] == "1" else "the group names another version"

    def _state(self) -> str:
        return str(self._sql("SELECT state FROM runs WHERE id = ?", self.plan["run"])[0][0])

    def _claimed(self) -> bool:
        return bool(self._sql("SELECT 1 FROM claims WHERE run = ?", self.plan["run"]))

    def _sql(self, statement: str, *values: object) -> list[Any]:
        with closing(sqlite3.connect(self.loop.home / "store" / "store.db", timeout=30)) as connection, connection:
            return connection.execute(statement, values).fetchall()


def measure(kills: int, seconds: float, folder: Path) -> Counter[str]:
    """Kill so often, over as many plans as that takes, each kind in its turn."""
    end = time.monotonic() + seconds
    shares = [kills // LANES + (lane < kills % LANES) for lane in range(LANES)]
    with ThreadPoolExecutor(LANES) as lanes:
        homes = [folder / f"home-{lane}" for lane in range(LANES)]
        counted = lanes.map(_lane, range(LANES), shares, [end] * LANES, homes)
        return sum(counted, Counter())


def _lane(lane: int, kills: int, end: float, home: Path) -> Counter[str]:
    """One account and home: kill so often, and begin no plan after `end`."""
    chance, total = random.Random(20 + lane), Counter[str]()
    with hosted() as (aws, pipe):
        while total["kills"] < kills and time.monotonic() < end:
            kind = KINDS[total["plans"] % len(KINDS)]
            total += Round(aws, home, kind, chance).run(min(A_PLAN, kills - total["kills"]))
            pipe.send("reset")
            pipe.recv()
    return total


def main() -> None:
    """Print what was counted; exit 1 where there is any of what there must be none of."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    with scratch() as folder:
        Path(folder).chmod(0o700)
        began = time.monotonic()
        total = measure(kills, seconds, Path(folder))
    took = time.monotonic() - began
    print(f"{total['kills']} of {kills} SIGKILLs over {total['plans']} plans on an embedded AWS, {took:.0f} s")
    print(f"  {total['steps']} steps, {total['acts']} acts in the account's trail")
    for name in COUNTED:
        print(f"  {name:<16} {total[name]:>4}   target 0")
    sys.exit(any(total[name] for name in COUNTED))


if __name__ == "__main__":
    main()
