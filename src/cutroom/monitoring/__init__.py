"""The reading side: what all processes have counted, as Prometheus text and as a report for people."""
