"""Sub-ranges of a source, cut losslessly or exactly."""
