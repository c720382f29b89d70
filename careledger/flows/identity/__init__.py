"""An identifier, a delegate, a rotated key, and the documents that result."""
