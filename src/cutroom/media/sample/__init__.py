"""Footage made from nothing: the sample shown on first start, and test pictures that say which frame they are."""

from cutroom.media.sample.barcode import read_barcode
from cutroom.media.sample.footage import Footage, make_footage

__all__ = ["Footage", "make_footage", "read_barcode"]
