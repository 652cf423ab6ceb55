"""`python -m graphrec` is the command line, which is how torchrun starts it."""

from graphrec.cli import main

main()
