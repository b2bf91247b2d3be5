"""An OCI registry as an anchor: an artifact for each head, under a tag of its number (OCI distribution spec 1.1).

Plain HTTP is spoken with the loopback alone. Every answer is hashed against the digest that was asked for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec

from auditor.ledger.entry import Head
from tools.errors import AuditorError

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
HEAD = "application/vnd.auditor.ledger.head.v1+json"
EMPTY = b"{}"
READ = 50
"""Heads that are read back, the newest: an older one proves nothing that they do not."""


class OciAnchor:
    """A repository (`registry/repository`). Credentials are those of `auths` in the docker configuration."""

    def __init__(self, place: str, timeout: float) -> None:
        self.host, _, self.repository = place.partition("/")
        self.timeout = timeout
        self.name = f"registry {place}"
        self._token = ""

    def read(self) -> list[Head]:
        """The newest heads; none where the repository is not there yet."""
        found = self._ask("GET", f"/v2/{self.repository}/tags/list?n=10000", (200, 404))
        if found.status_code == 404:
            return []
        tags = json.loads(found.content).get("tags") or []
        numbers = sorted(int(tag[5:]) for tag in tags if re.fullmatch(r"head-\d{1,12}", tag))
        return [self._head(number) for number in numbers[-READ:]]

    def add(self, head: Head) -> None:
        """Push a head: two blobs and their manifest. Pushing it again changes nothing."""
        data = msgspec.json.encode(head)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": HEAD,
            "config": self._pushed(EMPTY, "application/vnd.oci.empty.v1+json"),
            "layers": [self._pushed(data, HEAD)],
        }
        body = json.dumps(manifest, sort_keys=True).encode()
        self._ask("PUT", f"/v2/{self.repository}/manifests/head-{head.number}", (201,), body, MANIFEST)

    def _head(self, number: int) -> Head:
        manifest = self._ask("GET", f"/v2/{self.repository}/manifests/head-{number}", (200,)).content
        try:
            digest = json.loads(manifest)["layers"][0]["digest"]
            data = self._ask("GET", f"/v2/{self.repository}/blobs/{digest}", (200,)).content
            if _digest(data) != digest:
                raise self._failed("GET", "it answers with other bytes than were asked for")
            head = msgspec.json.decode(data, type=Head)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise self._failed("GET", f"head-{number} holds no head: {error}") from error
        if head.number != number:
            raise self._failed("GET", f"head-{number} holds entry {head.number}")
        return head

    def _pushed(self, data: bytes, kind: str) -> dict[str, Any]:
        digest = _digest(data)
        begun = self._ask("POST", f"/v2/{self.repository}/blobs/uploads/", (202,))
        where = urljoin(self._base(), begun.headers["location"])
        where += ("&" if "?" in where else "?") + f"digest={digest}"
        self._ask("PUT", where, (201,), data, "application/octet-stream")
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    def _ask(self, method: str, path: str, wanted: tuple[int, ...], body: bytes = b"", kind: str = "") -> Any:
        import httpx

        headers = {"Accept": MANIFEST if "/manifests/" in path else "*/*"}
        if kind:
            headers["Content-Type"] = kind
        url = urljoin(self._base(), path)
        try:
            with httpx.Client(timeout=self.timeout, follow_redirects=method == "GET") as client:
                answer = client.request(method, url, content=body, headers={**headers, **self._authorized(url)})
                if answer.status_code == 401:
                    self._token = self._asked_for(client, answer.headers.get("www-authenticate", ""))
                    answer = client.request(method, url, content=body, headers={**headers, **self._authorized(url)})
        except httpx.HTTPError as error:
            raise self._failed(method, str(error) or type(error).__name__) from error
        if answer.status_code not in wanted:
            raise self._failed(method, f"{answer.status_code} {answer.text[:200].strip()}")
        return answer

    def _authorized(self, url: str) -> dict[str, str]:
        """The credentials for a request; none for another host, which an upload's location may name."""
        if not url.startswith(self._base() + "/"):
            return {}
        basic = _basic(self.host)
        if self._token:
            return {"Authorization": f"Bearer {self._token}"}
        return {"Authorization": f"Basic {basic}"} if basic else {}

    def _asked_for(self, client: Any, challenge: str) -> str:
        """A bearer token of the realm that the registry names (distribution spec, token authentication)."""
        said = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        if not challenge.lower().startswith("bearer ") or not said.get("realm", "").startswith("https://"):
            raise self._failed("GET", f"401 {challenge[:200]}")
        query = {"service": said.get("service", ""), "scope": f"repository:{self.repository}:pull,push"}
        basic = _basic(self.host)
        answer = client.get(said["realm"], params=query, headers={"Authorization": f"Basic {basic}"} if basic else {})
        try:
            told = json.loads(answer.content)
            return str(told.get("token") or told["access_token"])
        except (ValueError, KeyError, AttributeError) as error:
            raise self._failed("GET", f"no token: {answer.status_code}") from error

    def _base(self) -> str:
        local = re.fullmatch(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", self.host)
        return f"{'http' if local else 'https'}://{self.host}"

    def _failed(self, method: str, cause: str) -> AuditorError:
        if method == "GET":
            return AuditorError(f"the anchor {self.name} can't be read", cause, "what it would prove is not known")
        return AuditorError(
            f"the ledger's head could not be anchored in {self.name}", cause, "auditor ledger anchor tries it again"
        )


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _basic(host: str) -> str:
    """The `auth` of a registry in `$DOCKER_CONFIG/config.json` (base64 of user:password); empty where there is none."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        auths = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("auths") or {}
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise AuditorError(f"{folder / 'config.json'} can't be read", str(error), "mend it, or move it away") from error
    found = str((auths.get(host) or {}).get("auth", ""))
    try:
        base64.b64decode(found, validate=True)
    except ValueError as error:
        raise AuditorError(f"{folder / 'config.json'} holds no auth for {host} that can be read", str(error)) from error
    return found
