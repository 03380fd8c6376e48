"""Sphinx's settings. Nothing here, or in the theme, needs the network."""

from importlib.metadata import version as version_of

project = "livecomp"
copyright = "the livecomp authors"
author = "the livecomp authors"
release = version_of("livecomp")
version = release

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
nitpicky = True
suppress_warnings = ["toc.empty_glob"]

html_theme = "furo"
html_title = "livecomp"
html_static_path = ["_static"]
html_theme_options = {"source_edit_link": ""}
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "monokai"
