"""`python -m cutroom` is the `cutroom` command."""

from cutroom.cli.start import run

if __name__ == "__main__":
    run()
