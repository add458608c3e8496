"""The supervisor: claims jobs, runs each in a bounded child, and publishes what comes back."""
