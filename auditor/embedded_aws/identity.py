"""STS's word on who calls, which moto gives to everybody alike where IAM does not know the key."""

from __future__ import annotations

from auditor.embedded_aws.call import Answer, Call, operation


@operation("sts", "GetCallerIdentity")
def get_caller_identity(call: Call) -> Answer:
    """Account, ARN and unique id of whose key the request bears."""
    told = call.principal.identity()
    return {"UserId": told["principalId"], "Account": call.account, "Arn": told["arn"]}
