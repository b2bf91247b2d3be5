"""Setting up: what `auditor init` finds and writes, and what `auditor doctor` finds missing and says how to close."""
