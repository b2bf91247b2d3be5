"""The prompts, one Markdown file each; nothing asks a model yet."""
