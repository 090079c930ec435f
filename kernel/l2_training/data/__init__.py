"""The owner's samples, one file a kind. Each kind is a function from what is known to ``Sample`` structs."""
