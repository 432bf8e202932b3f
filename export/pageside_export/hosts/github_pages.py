"""GitHub Pages: a workflow that publishes the folder as it is; no custom headers, so the page runs with one thread."""

from __future__ import annotations

from pageside_export.hosts import SiteInfo

_WORKFLOW = """\
# Publishes this folder as it is: push it as a repository of its own and choose "GitHub Actions" in Settings, Pages.
# {note}
name: pages
on:
  push:
    branches: [main]
  workflow_dispatch:
permissions:
  contents: read
  pages: write
  id-token: write
concurrency:
  group: pages
jobs:
  publish:
    runs-on: ubuntu-latest
    environment:
      name: github-pages
      url: ${{{{ steps.deployment.outputs.page_url }}}}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/configure-pages@v5
      - uses: actions/upload-pages-artifact@v3
        with:
          path: .
      - id: deployment
        uses: actions/deploy-pages@v4
"""


def files(info: SiteInfo) -> dict[str, str]:
    """The workflow, and the mark that switches off Jekyll, which would drop files that start with `_`."""
    return {".github/workflows/pages.yml": _WORKFLOW.format(note=_note(info.base_path)), ".nojekyll": ""}


def _note(base_path: str) -> str:
    if base_path == "/":
        return "The site's own addresses are relative: it works as USER.github.io and as USER.github.io/REPOSITORY."
    return f"Built with --base-path {base_path}: the repository has to be named {base_path.strip('/')}."
