"""What Pageside costs in bytes and time, measured in one run and written to docs/performance.md and .json."""
