"""The demonstration's parts, in their order: each is a command of the auditor as a person would run it, under the
credentials of who runs it."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout

from auditor.commands import approve, audit, execute, explain, plan, trace
from auditor.commands.acting import Credentials
from auditor.demo import telling
from auditor.demo.stage import Stage
from auditor.demo.surroundings import stopped_behind
from auditor.render.since import print_since
from auditor.render.text import console
from auditor.since import compare
from auditor.store.store import Store
from tools.errors import Refused
from tools.model.plan import short_code
from tools.model.report import Finding, Report

PARTS = 8
TRIES = 3


class Walk:
    """One walk through the parts. `step` waits for the return key between them; `yes` approves unasked."""

    def __init__(self, stage: Stage, step: bool, yes: bool) -> None:
        self.stage, self.step, self.yes = stage, step, yes
        self.config, self.store = stage.config, stage.store
        self.recording = stage.sources[0]
        self.kept = Store(stage.store)
        self.before = ""

    def all(self) -> int:
        """Every part; 0 where the remedy was carried out and verified."""
        telling.opening(self.stage)
        self.look()
        self.trace()
        self.explain()
        run = self.plan()
        if not self.approve(run):
            telling.declined()
            return 1
        done = self.execute(run)
        self.look_again()
        self.refused()
        telling.closing()
        return done

    def look(self) -> None:
        """Audit the recorded cluster and the account as one fleet."""
        self._part(1, "audit: what violates immutability in this fleet?", "audit shop/ aws:")
        with self.stage.called_by(self.stage.reader):
            audit.audit(self.stage.sources, False, "", self.config, self.store, False)
        self.before = self.kept.runs.latest().id

    def trace(self) -> None:
        """A pod's path, through its node to the server, the server's image and that one's build."""
        found = self._of("Deployment", check="instance-runs-release")
        pod = f"pod/{found.subjects[0].namespace}/{found.subjects[0].name}"
        self._part(2, "trace: how did this pod, and the server below it, come to be?", f"trace {pod} -s shop/ -s aws:")
        with self.stage.called_by(self.stage.reader):
            trace.trace(pod, self.stage.sources, "", self.config, self.store, False)

    def explain(self) -> None:
        """The server that somebody changed by hand."""
        found = self._of("AutoScalingGroup", check="in-place-change")
        self._part(3, "explain: why, since when, by whom?", f"explain {found.fingerprint}")
        explain.explain(found.fingerprint, "", "", "", self.store, False)

    def plan(self) -> str:
        """Back to the release that serves; gives the run."""
        found = self._of("AutoScalingGroup", check="rollout-complete", code="failed")
        self._part(4, f"plan: a remedy for {found.owner}", f"plan {found.fingerprint} --source aws:")
        with self.stage.called_by(self.stage.reader):
            plan.plan(found.fingerprint, ["aws:"], "", None, "", self.config, self.store, False)
        return self.kept.runs.latest().id

    def approve(self, run: str) -> bool:
        """A person's yes, to exactly this plan; False where there is none."""
        code = short_code(self.kept.runs.load_plan(run)) if self.yes else ""
        said = f"approve {run}" + (f" --code {code}" if code else "")
        self._part(5, "approve: as alice, whom the settings name; nothing runs without it", said)
        for left in reversed(range(TRIES)):
            with self.stage.called_by(self.stage.approver):
                try:
                    approve.approve(run, Credentials(), code, 0, self.config, self.store, quiet=True)
                except Refused as refused:
                    telling.refused(refused)
                    if refused.code != "other-plan" or not left:
                        return False
                else:
                    return True
        return False

    def execute(self, run: str) -> int:
        """The refresh, watched to its end and verified from a fresh look."""
        self._part(6, "execute: as the actor, who alone may change anything", f"execute {run}")
        with self.stage.called_by(self.stage.actor), stopped_behind():
            return execute.execute(run, "", Credentials(), self.config, self.store, False)

    def look_again(self) -> None:
        """The same audit, and what is other than before."""
        self._part(7, "audit again: what is other than before?", f"audit shop/ aws: --since {self.before}")
        with self.stage.called_by(self.stage.reader), redirect_stdout(io.StringIO()):
            audit.audit(self.stage.sources, False, "", self.config, self.store, False)
        before, after = self._report(self.before), self._report(self.kept.runs.latest().id)
        telling.both(before, after)
        print_since(compare(self.before, before, after), console())

    def refused(self) -> None:
        """The recorded half can be planned for, and not acted on."""
        found = self._of("Deployment", check="rollout-complete", code="deadline-exceeded")
        self._part(8, f"the gate: {found.owner} is in the recording", f"plan {found.fingerprint} --source shop/")
        with redirect_stdout(io.StringIO()):
            plan.plan(found.fingerprint, [self.recording], "", None, "", self.config, self.store, False)
        run = self.kept.runs.latest().id
        made = self.kept.runs.load_plan(run)
        telling.planned(made)
        telling.command(f"approve {run} --code {short_code(made)}")
        try:
            approve.approve(run, Credentials(), short_code(made), 0, self.config, self.store, quiet=True)
        except Refused as refused:
            telling.refused(refused)

    def _report(self, run: str) -> Report:
        return self.kept.runs.load_report(self.kept.runs.get(run).report or "")

    def _of(self, kind: str, check: str, code: str = "") -> Finding:
        """A violation of the first look."""
        found = (f for f in self._report(self.before).findings if f.verdict == "violation")
        return next(f for f in found if f.owner.kind == kind and f.check == check and code in ("", f.code))

    def _part(self, number: int, text: str, command: str) -> None:
        if self.step and number > 1:
            sys.stdout.write("— return goes on —")
            sys.stdout.flush()
            sys.stdin.readline()
        telling.title(number, PARTS, text)
        telling.command(command)
