"""`python -m cutroom` is the `cutroom` command."""

from cutroom.cli.main import run

if __name__ == "__main__":
    run()
