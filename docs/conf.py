"""How the documentation is built: ``make docs``. Nothing is fetched while building."""

import sys
from pathlib import Path

import escape_vre

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "escape-vre"
author = "the escape-vre authors"
project_copyright = "the escape-vre authors, BSD-3-Clause"
version = release = escape_vre.__version__

extensions = ["myst_parser", "reference"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "_ext"]
nitpicky = True
# Where a cell of a notebook begins with %, no lexer is needed to read it.
highlight_language = "text"

html_theme = "pydata_sphinx_theme"
html_title = "escape-vre"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "escape-vre"},
    "show_prev_next": True,
    "use_edit_page_button": False,
    "navbar_align": "left",
    "footer_start": ["copyright"],
    "footer_end": [],
}
