"""AWS onto the nouns: `live` or `recording` → `answers` (`operation`, `wire`) → `mapping` and `changes` → facts."""
