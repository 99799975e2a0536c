"""Pure figures: shares, intervals, periods."""
