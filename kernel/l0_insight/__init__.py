"""L0: what one note says. Only ``structs`` is light enough for the server process; the rest is the worker child's."""
