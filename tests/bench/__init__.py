"""`python -m tests.bench` measures the built site in Chromium and writes docs/performance.md and .json."""
