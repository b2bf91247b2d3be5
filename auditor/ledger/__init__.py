"""The ledger: every run, approval and action in a hash chain, each entry signed by the installation's key."""
