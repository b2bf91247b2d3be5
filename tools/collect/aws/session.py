"""A connection to one account and region: credentials, the role to assume, clients; and errors that say what to mend.

Times are left as the text that AWS sends: parsing them is the largest part of what botocore does with an answer.
"""

from __future__ import annotations

import difflib
import threading
from typing import Any

import botocore.exceptions as boto
import botocore.parsers
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

from tools.collect.aws.narrow import Parsers
from tools.collect.aws.options import Options
from tools.collect.aws.times import text_of
from tools.errors import SourceError

CONNECTIONS = 8
"""How many connections one service is talked to over at a time."""
CONNECT = 10.0
"""Seconds after which an address that does not answer is given up, where the settings do not say less."""
WRONG = ("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId")
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
_NO_ANSWER = (boto.HTTPClientError, boto.ConnectionError)
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.TokenRetrievalError,
    boto.SSOError,
    boto.RefreshWithMFAUnsupportedError,
    boto.InvalidConfigError,
    boto.InfiniteLoopConfigError,
)


class Connection:
    """One account and region, with its clients. `arn` is who asks; `name` is what people call it."""

    def __init__(self, session: botocore.session.Session, options: Options, region: str) -> None:
        self.options = options
        self.region = region
        self.account = ""
        self.arn = ""
        self._session = session
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """`PROFILE@REGION`, as it is named on the command line."""
        return f"{self.options.profile}@{self.region}"

    def client(self, service: str, region: str = "") -> Any:
        """A service's client, made once. (Making one is not safe in threads, using it is.)"""
        key = f"{service}@{region}"
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._session.create_client(
                    service,
                    region_name=region or self.region,
                    endpoint_url=self.options.endpoint or None,
                    config=_config(self.options),
                )
            return self._clients[key]

    def acting_client(self, service: str, write_id: str) -> Any:
        """A client that sends each request once and puts the id of the step it is of into the user agent, which
        CloudTrail keeps."""
        with self._lock:
            own = Config(retries={"mode": "standard", "total_max_attempts": 1}, user_agent_extra=f"auditor/{write_id}")
            return self._session.create_client(
                service,
                region_name=self.region,
                endpoint_url=self.options.endpoint or None,
                config=_config(self.options).merge(own),
            )


def connect(options: Options) -> Connection:
    """Open a session and ask who it is. Raises `SourceError`, which says what to mend."""
    try:
        session = botocore.session.Session(profile=options.profile or None)
        parsers = Parsers()
        parsers.set_parser_defaults(timestamp_parser=text_of)
        session.register_component("response_parser_factory", parsers)
        session.register("before-parse", _whole)
        region = options.region or session.get_config_variable("region") or ""
        if not region:
            raise boto.NoRegionError
        if options.role:
            _assume(session, options, region)
        connection = Connection(session, options, region)
        _identify(connection)
    except boto.ProfileNotFound as error:
        known = ", ".join(botocore.session.Session().available_profiles) or "none"
        raise SourceError(
            f"there is no AWS profile {options.profile or _default_profile()!r}",
            f"profiles that are configured: {known}",
            "name one of them: aws:PROFILE@REGION",
        ) from error
    except boto.NoRegionError as error:
        raise SourceError(
            f"{_named(options)}: no region was named, and the profile has none",
            mend="name it: aws:PROFILE@REGION, or set AWS_REGION",
        ) from error
    except boto.InvalidRegionError as error:
        raise SourceError(
            f"{_named(options)}: this can't be a region's name", str(error), "regions are named as eu-central-1 is"
        ) from error
    except boto.ConfigParseError as error:
        raise SourceError(
            "AWS's configuration can't be read", str(error), "mend ~/.aws/config or ~/.aws/credentials"
        ) from error
    except _NO_CREDENTIALS as error:
        raise SourceError(
            f"{_named(options)}: there are no credentials that can be used",
            str(error),
            "sign in (aws sso login), or give the profile credentials; aws sts get-caller-identity shows them",
        ) from error
    except RuntimeError as error:  # botocore's, of credentials that were renewed and are expired
        mend = "check this machine's clock"
        raise SourceError(f"{_named(options)}: the credentials can't be used", str(error), mend) from error
    except ValueError as error:  # an endpoint that is no address
        raise SourceError(f"{_named(options)}: {error}", mend="endpoints are named as https://host:port is") from error
    return connection


def _whole(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    """Refuse an answer that is no whole JSON object where one is due: botocore would take it for an empty one."""
    if (
        operation_model.service_model.resolved_protocol not in ("json", "rest-json")
        or response_dict["status_code"] > 300
    ):
        return
    body = response_dict["body"].strip()
    if body and not (body.startswith(b"{") and body.endswith(b"}")):
        raise botocore.parsers.ResponseParserError(f"no JSON object: {body[:80]!r} … {body[-40:]!r}")


def _config(options: Options) -> Config:
    return Config(
        retries={"mode": "adaptive", "total_max_attempts": options.attempts},
        connect_timeout=min(CONNECT, options.timeout),
        read_timeout=options.timeout,
        max_pool_connections=CONNECTIONS,
        user_agent_extra="auditor",
    )


def _assume(session: botocore.session.Session, options: Options, region: str) -> None:
    """Let the session take the role that the settings name, by the credentials that it has."""
    source = session.get_credentials()
    if source is None:
        raise boto.NoCredentialsError
    extra = {"RoleSessionName": "auditor", **({"ExternalId": options.external_id} if options.external_id else {})}

    def create(service: str, **settings: Any) -> Any:
        endpoint = options.endpoint or None
        return session.create_client(
            service, **{"region_name": region, "endpoint_url": endpoint, "config": _config(options), **settings}
        )

    fetcher = AssumeRoleCredentialFetcher(create, source, options.role, extra_args=extra)
    session._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


def _identify(connection: Connection) -> None:
    """Ask STS who asks. Raises `SourceError` where that can't be told."""
    try:
        told = connection.client("sts").get_caller_identity()
        connection.account, connection.arn = str(told["Account"]), str(told["Arn"])
    except boto.ClientError as error:
        raise _refused(connection, error) from error
    except _NO_ANSWER as error:
        raise _unreachable(connection, error) from error
    except (KeyError, TypeError, botocore.parsers.ResponseParserError) as error:
        raise SourceError(
            f"{_named(connection.options)}: what answers is not AWS",
            " ".join(str(error).split())[:200],
            "check the endpoint (AWS_ENDPOINT_URL, or `endpoint` of [aws] in auditor.toml)",
        ) from error


def _refused(connection: Connection, error: boto.ClientError) -> SourceError:
    named, code = _named(connection.options), str(error.response.get("Error", {}).get("Code", ""))
    told = f"{code}: {error.response.get('Error', {}).get('Message', '')}"
    if error.operation_name == "AssumeRole":
        mend = "check the role's trust policy, its external id, and that these credentials may sts:AssumeRole it"
        return SourceError(f"{named}: the role {connection.options.role} can't be assumed", told, mend)
    if code in EXPIRED:
        return SourceError(
            f"{named}: the credentials have expired", told, "sign in again (aws sso login), or renew them"
        )
    if code in WRONG and _answers_elsewhere(connection):
        mend = "an administrator enables it (aws account enable-region), or audit another region"
        return SourceError(f"{named}: the region {connection.region} is not enabled in this account", told, mend)
    if code in (*WRONG, "SignatureDoesNotMatch", "IncompleteSignature", "InvalidSignatureException"):
        mend = "check the access key and its secret; aws sts get-caller-identity shows whether they are known"
        return SourceError(f"{named}: AWS does not accept the credentials", told, mend)
    if code == "OptInRequired":
        return SourceError(f"{named}: the account is not signed up for this", told, "finish the account's registration")
    return SourceError(f"{named}: AWS does not say who asks", told, "try aws sts get-caller-identity")


def _answers_elsewhere(connection: Connection) -> bool:
    """Whether the partition's first region knows these credentials, which this one does not: then it is not enabled."""
    home = {"cn": "cn-north-1", "us-gov": "us-gov-west-1"}.get(connection.region.rsplit("-", 2)[0], "us-east-1")
    if home == connection.region:
        return False
    try:
        connection.client("sts", home).get_caller_identity()
    except (boto.ClientError, boto.BotoCoreError):
        return False
    return True


def _unreachable(connection: Connection, error: Exception) -> SourceError:
    named, session, told = _named(connection.options), connection._session, " ".join(str(error).split())
    known = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ec2", partition)
    }
    if connection.region not in known and ".amazonaws.com" in told:
        near = difflib.get_close_matches(connection.region, sorted(known), 1)
        mend = f"did you mean {near[0]}?" if near else "regions are named as eu-central-1 is"
        return SourceError(f"{named}: there is no region {connection.region} that is known", told, mend)
    mend = "check the network, the proxy, and the endpoint (AWS_ENDPOINT_URL, or `endpoint` of [aws] in auditor.toml)"
    return SourceError(f"{named}: nothing answers for AWS", told, mend)


def _named(options: Options) -> str:
    return f"aws:{options.profile}{'@' + options.region if options.region else ''}"


def _default_profile() -> str:
    return str(botocore.session.Session().instance_variables().get("profile") or "default")
