"""The policy: what may be carried out, by whose approval, how much of it, and when. What it does not mention is
proposed and no more."""
