"""Sphinx settings of the book; `make site` runs them through site/build.py."""

import sys
from importlib.util import find_spec
from pathlib import Path

from sphinx.util.fileutil import copy_asset

sys.path.insert(0, str(Path(__file__).parent))  # for our own extensions
from address import LAUNCH

project = "Vanishing and exploding gradients"
author = copyright = "the vgcourse authors"
language = "en"
root_doc = "index"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
extensions += ["lecture_links", "library", "typesetting"]
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3

# The library's pages: a name in `backticks` leads to its entry where there is one.
add_module_names = False
add_function_parentheses = False  # long names fit the contents better
autodoc_preserve_defaults = True
autodoc_typehints = "none"
default_role = "py:obj"

# Pages show what the notebooks store. A live widget needs a kernel; its stored picture does not.
nb_execution_mode = "off"
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
nb_ipywidgets_js = {}

# Warnings are errors (build.py). These are known and harmless.
suppress_warnings = [
    "myst.mathjax",  # MyST adds the classes of formulas to mathjax3_config, as it should
    "mystnb.unknown_mime_type",  # what a check stores for reports stands beside its table
]

# MathJax comes with the book: one script and its fonts, 2 of the 24 MB that the package has.
MATHJAX = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
MATHJAX_FILES = ["tex-chtml-full.js", "output/chtml/fonts/woff-v2"]
mathjax_path = "mathjax/tex-chtml-full.js"
mathjax3_config = {
    "options": {"enableMenu": False},  # the menu would load more
    "chtml": {"scale": 0.95},  # most numbered formulas fit beside both side bars at 1280 pixels
}

html_title = project
html_show_copyright = False
html_domain_indices = False  # the library's front page lists its modules
html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_sidebars = {"**": ["search-button-field.html", "sbt-sidebar-nav.html"]}
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system
html_copy_source = True  # the download button of a lecture gives its notebook
html_theme_options = {
    "repository_branch": "main",
    "home_page_in_toc": True,  # in place of the title above the side bar, which stands in no landmark
    "navbar_persistent": [],
    "show_toc_level": 2,
    "use_fullscreen_button": False,
}


def add_launch_buttons(app, config):
    """A notebook starts with one click if the repository has an address (build.py)."""
    if config.html_theme_options.get("repository_url"):
        config.html_theme_options["launch_buttons"] = LAUNCH


def add_lite_button(app, pagename, templatename, context, doctree):
    """With a JupyterLite beside the book (build.py) a notebook has a button that opens its copy there."""
    if app.tags.has("lite") and pagename.startswith(("lectures/", "exercises/")):
        context["header_buttons"].append(
            {
                "type": "link",
                "url": f"{context['pathto']('lite/lab/index.html', 1)}?path={pagename}.ipynb",
                "tooltip": "Run in this browser (JupyterLite)",
                "icon": "fas fa-play",
                "label": "lite",
            }
        )


def copy_mathjax(app, exception):
    if exception is None and app.builder.format == "html":
        for name in MATHJAX_FILES:
            target = Path(app.outdir, "_static", "mathjax", name)
            copy_asset(MATHJAX / name, target if (MATHJAX / name).is_dir() else target.parent)


def setup(app):
    app.connect("config-inited", add_launch_buttons)
    app.connect("html-page-context", add_lite_button, priority=900)  # after the theme's own buttons
    app.connect("build-finished", copy_mathjax)
