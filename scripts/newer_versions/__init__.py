"""The parts of scripts/check_newer_versions.py: asking a loaded model, and the matrix of what came of it."""
