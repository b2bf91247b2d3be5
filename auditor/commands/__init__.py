"""The commands, one file each: what happens behind each name of the command line. Each returns its exit code."""
