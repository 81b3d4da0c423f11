"""Hours of pulls, pushes, restarts and faults at random against all parts, and what became of them."""
