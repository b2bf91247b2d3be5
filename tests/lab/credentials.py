"""Credentials that fail, for tests of what happens then: an expired token, a server that is not there."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from pathlib import Path

from tests.lab import certificates, settings, users


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def service_account_token(namespace: str, name: str, uid: str, lifetime: int) -> str:
    """A service account's JWT as the API server signs it, good for `lifetime` seconds (negative: expired).

    The claims are those of Kubernetes' bound service account tokens; the signature is RS256.
    """
    now = int(time.time())
    claims = {
        "iss": settings.API_SERVER,
        "aud": [settings.API_SERVER],
        "sub": f"system:serviceaccount:{namespace}:{name}",
        "iat": now - 3600,
        "nbf": now - 3600,
        "exp": now + lifetime,
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}},
    }
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    text = ".".join(_base64url(json.dumps(part).encode()) for part in parts)
    argv = ["openssl", "dgst", "-sha256", "-sign", str(certificates.SERVICE_ACCOUNT_KEY)]
    signature = subprocess.run(argv, input=text.encode(), capture_output=True, check=True).stdout
    return f"{text}.{_base64url(signature)}"


def service_account_kubeconfig(namespace: str, name: str, uid: str, lifetime: int) -> Path:
    """A kubeconfig with such a token."""
    token = service_account_token(namespace, name, uid, lifetime)
    state = "expired" if lifetime < 0 else "valid"
    return users.write_kubeconfig(settings.STATE / f"kubeconfig-{namespace}-{name}-{state}", name, token)


def unreachable_kubeconfig() -> Path:
    """A kubeconfig that points at a port of this machine on which nothing listens (1, tcpmux)."""
    path = settings.STATE / "kubeconfig-unreachable"
    return users.write_kubeconfig(path, "admin", "unused", f"https://{settings.LOOPBACK}:1")
