"""The reading side: what all processes have counted, for Prometheus and for people; what is slow, and what helps."""
