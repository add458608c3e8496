"""The job table and its verbs: enqueue, claim, renew, finish, cancel. Knows no domain."""
