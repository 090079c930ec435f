"""L1: who the notes say somebody is. Only ``structs`` is light enough for the server process."""
