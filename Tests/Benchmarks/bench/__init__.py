"""What scripts/bench runs: the real programs side by side, every number measured in one run."""
