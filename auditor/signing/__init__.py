"""Signed approvals: what is signed, by which keys, and how a signature is made and verified offline."""
