"""The documentation site: `make docs`. The checkout is its source, docs/index.md its root."""

project = "ATW Backend"
html_title = project
extensions = ["myst_parser"]
html_theme = "furo"
root_doc = "docs/index"
# Pages only, so that links to README and measurements lead somewhere on the site as well.
include_patterns = ["docs/**.md", "bench/*.md", "README.md", "CHANGELOG.md"]
exclude_patterns = [".venv", "node_modules", "var", "tests"]
# The names of headings are those that GitHub gives them.
myst_heading_anchors = 4
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
# Consoles and JSON with an … for what is left out are no errors.
suppress_warnings = ["misc.highlighting_failure"]
