"""Videos and the assets behind them: add, list, search."""
