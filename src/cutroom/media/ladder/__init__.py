"""One decode of a source into a whole HLS ladder: rungs, sound, sprites and peaks in a single pass."""
