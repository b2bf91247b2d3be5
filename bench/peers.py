"""A peer beside the audit, on the same recording: kube-score, where its program is in ~/.cache/auditor-bench/.

The two do not do the same work: kube-score judges manifests by their text and reads no ReplicaSets, owners or history.
To have it: `GOBIN=~/.cache/auditor-bench go install github.com/zegl/kube-score/cmd/kube-score@v1.20.0`.
"""

from __future__ import annotations

from pathlib import Path

from bench import fleet
from bench.measure import AUDITOR, once, row, scratch

KUBE_SCORE = Path.home() / ".cache" / "auditor-bench" / "kube-score"
PODS = 1_000


def main() -> None:
    """Print both, or say that there is no peer here."""
    if not KUBE_SCORE.exists():
        print(f"peers: there is no kube-score at {KUBE_SCORE}; bench/peers.py says how to have it")
        return
    print("peers, on one recording, single runs")
    with scratch() as folder:
        recording = Path(folder) / "fleet"
        fleet.write(PODS, recording)
        row(f"auditor audit, {PODS:,} pods", once([AUDITOR, "audit", str(recording), "--store", f"{folder}/store"]))
        files = [str(recording / name) for name in fleet.FILES]
        row(f"kube-score, {PODS:,} pods", once([str(KUBE_SCORE), "score", "--output-format", "json", *files]))


if __name__ == "__main__":
    main()
