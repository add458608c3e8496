"""The job table and its verbs: enqueue, claim, renew, finish, cancel. Knows no domain.

`JobRunner` and `Retry` are for programs that want bounded background work without a database.
"""

from cutroom.jobs.runner import BackgroundTask, JobRunner, Retry, RunnerStats

__all__ = ["BackgroundTask", "JobRunner", "Retry", "RunnerStats"]
