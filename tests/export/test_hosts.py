"""What each static host gets."""

import json

import pytest
import yaml
from pageside_export import hosts
from pageside_export.hosts import SiteInfo

PLAIN = SiteInfo("Demos", "Models in the browser.", "/", "0.1.0")


def test_every_host_has_its_files():
    assert sorted(hosts.files(PLAIN)) == [".github/workflows/pages.yml", ".nojekyll", "README.md", "_headers"]


def test_the_pages_workflow_is_yaml_that_uploads_the_folder():
    workflow = yaml.safe_load(hosts.files(PLAIN)[".github/workflows/pages.yml"])
    steps = workflow["jobs"]["publish"]["steps"]
    assert {"uses": "actions/upload-pages-artifact@v3", "with": {"path": "."}} in steps
    assert workflow["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    assert workflow["jobs"]["publish"]["environment"]["url"] == "${{ steps.deployment.outputs.page_url }}"


def test_the_workflow_names_the_repository_that_a_base_path_asks_for():
    info = SiteInfo("Demos", "", "/pageside/", "0.1.0")
    assert "the repository has to be named pageside" in hosts.files(info)[".github/workflows/pages.yml"]


@pytest.mark.parametrize("base_path", ["/", "/x/"])
def test_headers_isolate_every_file_and_keep_the_assets(base_path):
    lines = hosts.files(SiteInfo("Demos", "", base_path, "0.1.0"))["_headers"].splitlines()
    rules: dict[str, dict[str, str]] = {}
    for line in lines:
        if line.startswith(" "):
            name, _, value = line.strip().partition(": ")
            rules[list(rules)[-1]][name] = value
        else:
            rules[line] = {}
    assert rules[f"{base_path}*"] == {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    assert rules[f"{base_path}assets/*"] == {"Cache-Control": "public, max-age=31536000, immutable"}
    assert rules[f"{base_path}*/bundle.json"] == {"Cache-Control": "no-cache"}
    assert rules[f"{base_path}*/report.json"] == {"Cache-Control": "no-cache"}


@pytest.mark.parametrize("title", ["Demos", 'A "quoted": title', "# Über: 'x' {y}", "multi\nline"])
def test_the_space_readme_is_right_whatever_the_title(title):
    text = hosts.files(SiteInfo(title, "Says hello.", "/", "0.1.0"))["README.md"]
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["title"] == title
    assert (front["sdk"], front["app_file"]) == ("static", "index.html")
    assert front["custom_headers"] == {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "cross-origin",
    }
    assert json.dumps("Says hello.")[1:-1] in text
