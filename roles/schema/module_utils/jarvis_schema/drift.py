"""Compare two snapshots of a catalog."""
