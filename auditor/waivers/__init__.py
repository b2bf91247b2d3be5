"""Waivers: findings that somebody accepts for a time, with an owner and a reason. They are applied after the checks."""
