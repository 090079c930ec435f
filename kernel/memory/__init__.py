"""Anything that a person keeps -> ``Note`` -> ``Chunk`` -> ``Sentence``: reading, storing, finding, forgetting."""
