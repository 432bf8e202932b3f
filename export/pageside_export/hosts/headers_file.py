"""Cloudflare Pages and Netlify: both read `_headers`."""

from __future__ import annotations

from pageside_export.hosts import IMMUTABLE, ISOLATION, REVALIDATE, SiteInfo


def files(info: SiteInfo) -> dict[str, str]:
    """`_headers`: isolation for every file, long keeping for the assets."""
    base = info.base_path
    # Both hosts join the headers of all rules that match, so no header may be set by two of them.
    lines = [f"{base}*", *(f"  {name}: {value}" for name, value in ISOLATION.items())]
    lines += [f"{base}assets/*", f"  Cache-Control: {IMMUTABLE}"]
    for path in ("", "*/", "*/bundle.json", "*/report.json", "gallery.json", "client.js", "embed.js"):
        lines += [f"{base}{path}", f"  Cache-Control: {REVALIDATE}"]
    return {"_headers": "\n".join(lines) + "\n"}
