"""EC2 Instance Connect refuses a key for an instance that is not running; moto takes any."""

from __future__ import annotations

from auditor.embedded_aws.call import Answer, Call, Refused, operation
from auditor.embedded_aws.ec2 import instance_of


@operation("ec2-instance-connect", "SendSSHPublicKey")
def send_ssh_public_key(call: Call) -> Answer:
    """Put a key onto an instance for a minute, by which its sender may log in."""
    try:
        instance = instance_of(call)
    except Refused as error:
        raise Refused("EC2InstanceNotFoundException", error.message) from error
    if instance.state != "running":
        raise Refused("EC2InstanceStateInvalidException", f"The instance {instance.id} is not running.")
    return {"RequestId": call.get("InstanceId"), "Success": True}
