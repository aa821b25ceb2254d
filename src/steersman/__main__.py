"""`python -m steersman`: the command without its installed script."""

from steersman.cli.main import main

main()
