"""`python -m auditor` is the console script."""

from auditor.main import main

main()
