"""Starts, drives and observes the real programs around `registry-ndn`, for the tests, the demo and the measurements."""
