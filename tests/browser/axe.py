"""axe-core in the page: what a person with a screen reader or a keyboard could not use."""

from __future__ import annotations

from playwright.sync_api import Page

from devtools.bootstrap import ROOT

SOURCE = ROOT / "node_modules/axe-core/axe.min.js"
#: WCAG 2.2 AA and what it rests on.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """`rule: the elements that break it`, of the page as it stands; empty when it is well."""
    # Evaluated rather than added as a script, which the page's own policy forbids.
    page.evaluate(SOURCE.read_text())
    found = page.evaluate("tags => axe.run({runOnly: tags})", RULES)
    return [
        f"{one['id']}: {', '.join(str(node['target'][0]) for node in one['nodes'])}"
        for one in found["violations"]
    ]
