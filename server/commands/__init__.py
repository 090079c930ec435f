"""The commands of ``oneself``, a file for each subject; ``server.cli`` finds them here."""
