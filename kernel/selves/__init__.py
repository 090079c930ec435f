"""Versions of the self: candidate, live, retired, refused; promotion and rollback as one atomic file."""
