"""`python -m cutroom.worker --data DIR`: the supervisor of one data directory."""

from cutroom.worker.main import main

if __name__ == "__main__":
    main()
