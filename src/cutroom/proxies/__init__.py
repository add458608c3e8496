"""HLS ladders, thumbnails, sprites and waveforms."""
