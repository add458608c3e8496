"""The writing side of monitoring: counters and timings of this process, and the sheets it leaves for the readers."""
