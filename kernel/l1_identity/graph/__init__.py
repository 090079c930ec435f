"""Insights -> the graph: who and what the notes name, how they are related and since when, and what belongs together."""
