"""The lowest floor: errors, ids, exact time, setting types. Imports nothing of ours."""
