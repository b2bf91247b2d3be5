"""Acting on servers: the account as a place, and one file for each action."""
