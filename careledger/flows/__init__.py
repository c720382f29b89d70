"""The scripted flows: a package each, on one small engine."""
