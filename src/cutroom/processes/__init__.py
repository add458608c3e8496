"""Bounded children: launch, limits, deadlines, process groups, reaping and the JSON-lines pipe."""
