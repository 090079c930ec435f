"""One file for each part of the API. Routes translate and hand on; they hold no rules and no try/except."""
