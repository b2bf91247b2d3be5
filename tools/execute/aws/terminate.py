"""Replaces one server: ends it without lowering its group's capacity, and waits until another is in service."""

from __future__ import annotations

from tools.errors import ApiFailure, Refused
from tools.execute.aws.acting import Acting
from tools.execute.aws.groups import group_of, refuse_unable, serving
from tools.execute.executor import Settled, World
from tools.model.action import ReplaceInstance
from tools.model.plan import Bound, Preview, hash_fields

TIMEOUT = 1800.0
"""Seconds that a server may take to end and another to come, lifecycle hooks among them."""
ENDED = ("Terminating", "Terminating:Wait", "Terminating:Proceed", "Terminated")
ENDING = (*ENDED, "Detaching", "Detached")


class Termination:
    """The executor of one `ReplaceInstance` of a group of servers."""

    repeatable = True

    def __init__(self, action: ReplaceInstance) -> None:
        self.action = action
        self.timeout = TIMEOUT

    def bind(self, aws: Acting) -> tuple[Bound, ...]:
        """The server itself, a member in service of its group; neither may be protected."""
        group = group_of(aws, self.action.workload)
        member = self._member(aws)
        if member is None:
            raise Refused("gone", f"{self.action.instance} is gone, or ending", mend="plan again")
        if member["LifecycleState"] != "InService":
            state = member["LifecycleState"]
            raise Refused("not-in-service", f"{self.action.instance} is {state}: its group does not count on it")
        if member.get("ProtectedFromScaleIn"):
            raise Refused(
                "protected",
                f"{self.action.instance} is protected from scale-in: somebody wants to keep it",
                mend="take the protection off (aws autoscaling set-instance-protection), and plan again",
            )
        if self._keeps(aws):
            raise Refused(
                "protected",
                f"{self.action.instance} is protected from termination",
                "DisableApiTermination",
                "take the protection off, and plan again",
            )
        refuse_unable(group, self.action.workload)
        return (Bound(self.action.instance, "InstanceId", hash_fields(self.action.instance.uid)),)

    def preview(self, aws: Acting) -> Preview:
        """The exact call: EC2 Auto Scaling has no dry run."""
        name = self.action.instance.name
        call = f"TerminateInstanceInAutoScalingGroup InstanceId={name} ShouldDecrementDesiredCapacity=false"
        made = f"+ a new server of {self.action.workload} in its place"
        return Preview(by="computed here", diff=f"  {call}\n- {name}\n{made}", reason="the API has no dry run of it")

    def world(self, aws: Acting, plan: str, bounds: tuple[Bound, ...]) -> World:
        """`after` where the server is gone or ending, whoever ended it; `changed` where it runs on outside of its
        group."""
        if self._member(aws) is not None:
            return "before"
        return "changed" if self._runs_elsewhere(aws) else "after"

    def rehearse(self, aws: Acting, plan: str) -> None:
        """What was true when it was bound must be so still."""
        if self._member(aws) is not None:
            self.bind(aws)

    def act(self, aws: Acting, plan: str, write_id: str) -> str:
        """End it, unless it is gone."""
        try:
            aws.write(
                write_id,
                "autoscaling",
                "terminate_instance_in_auto_scaling_group",
                InstanceId=self.action.instance.name,
                ShouldDecrementDesiredCapacity=False,
            )
        except ApiFailure as failure:
            if self._member(aws) is None:
                return "it was gone already"
            raise failure
        return f"ended: {self.action.instance.name}"

    def settled(self, aws: Acting, plan: str) -> Settled:
        """Done when it has left the group, and the group has as many in service as it wants."""
        group = group_of(aws, self.action.workload)
        ready, wanted = serving(group), group["DesiredCapacity"]
        told = f"{len(ready)} of {wanted} servers of {self.action.workload} are in service"
        if any(m["InstanceId"] == self.action.instance.name for m in group["Instances"]):
            return Settled(False, f"{self.action.instance.name} is ending; {told}")
        return Settled(len(ready) >= wanted, f"{self.action.instance.name} is gone; {told}")

    def _member(self, aws: Acting) -> dict[str, object] | None:
        """It as a member of its group, unless it is gone or ending."""
        found = aws.read("autoscaling", "describe_auto_scaling_instances", InstanceIds=[self.action.instance.name])
        for member in found["AutoScalingInstances"]:
            if member["AutoScalingGroupName"] == self.action.workload.name and member["LifecycleState"] not in ENDING:
                return dict(member)
        return None

    def _runs_elsewhere(self, aws: Acting) -> bool:
        """Whether it runs, and its group is not ending it: it was detached, or is another group's by now."""
        name = self.action.instance.name
        found = aws.read("autoscaling", "describe_auto_scaling_instances", InstanceIds=[name])["AutoScalingInstances"]
        if any(m["AutoScalingGroupName"] == self.action.workload.name and m["LifecycleState"] in ENDED for m in found):
            return False
        asked = [{"Name": "instance-id", "Values": [name]}]  # an id that is not known is refused, a filter's is not
        told = aws.read("ec2", "describe_instances", Filters=asked)["Reservations"]
        states = [one["State"]["Name"] for reservation in told for one in reservation["Instances"]]
        return any(state not in ("shutting-down", "terminated") for state in states)

    def _keeps(self, aws: Acting) -> bool:
        """Whether it is protected from termination (`DisableApiTermination`)."""
        asked = {"InstanceId": self.action.instance.name, "Attribute": "disableApiTermination"}
        found = aws.read("ec2", "describe_instance_attribute", **asked)
        return bool(found.get("DisableApiTermination", {}).get("Value"))
