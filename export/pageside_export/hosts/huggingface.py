"""Hugging Face: a Space of the kind `static`, whose README's front matter sets the headers."""

from __future__ import annotations

import json

from pageside_export.hosts import ISOLATION, SiteInfo

_README = """\
---
title: {title}
sdk: static
app_file: index.html
pinned: false
custom_headers:
{headers}
---

# {heading}

{description}

A static site built by Pageside {version}. Every model in it was compared with PyTorch when it was built, and is
compared again on the visitor's device. Nothing that a visitor enters leaves the page.
"""


def files(info: SiteInfo) -> dict[str, str]:
    """`README.md` with the Space's front matter."""
    headers = "\n".join(f"  {name.lower()}: {value}" for name, value in ISOLATION.items())
    # A string of JSON is a string of YAML, whatever is in it.
    title = json.dumps(info.title, ensure_ascii=False)
    text = _README.format(
        title=title,
        headers=headers,
        heading=info.title,
        description=info.description or "Models that run on the visitor's own device.",
        version=info.pageside_version,
    )
    return {"README.md": text}
