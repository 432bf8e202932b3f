"""`sw.js`, the site's service worker: our script, and in front of it the list of what belongs to this version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from pageside_export.assets import Assets

#: Of the assets: what pages load at once or may load later. The runtimes are kept when a page has used them.
_FOLDERS = ("css/", "src/page/", "src/shared/", "src/worker/")


def service_worker(folder: Path, demos: Sequence[str], shared: Assets) -> str:
    """For the site in `folder`, whose pages are written already. It differs whenever one of them does."""
    pages = ["", "device/", *(f"{name}/" for name in demos)]
    data = ["gallery.json", *(f"{name}/bundle.json" for name in demos)]
    digest = hashlib.sha256()
    for path in [*(f"{page}index.html" for page in pages), *data]:
        digest.update(f"{path}\0{hashlib.sha256((folder / path).read_bytes()).hexdigest()}\n".encode())
    site = {
        "version": digest.hexdigest()[:16],
        "assets": f"assets/{shared.name}/",
        "scripts": sorted(path for path in shared.files if path.startswith(_FOLDERS)),
        "pages": pages,
        "data": data,
        "demos": [f"{name}/" for name in demos],
    }
    return f"self.pagesideSite = {json.dumps(site)};\n{shared.files['src/sw.js'].decode()}"
