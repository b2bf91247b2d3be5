"""The checks, one file each, named as the check's id. The engine finds them here; there is no list to keep."""
