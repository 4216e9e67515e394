"""Open the course in JupyterLab: `vgcourse lab`, the same on every system, with or without make.

Lab sees the course's folder, opens on the start page, asks nobody outside, and has no menus for instructors;
`--instructor` brings those. Readers work in their own copies (`copies`). The settings are the files in
vgcourse/jupyter/, read before anybody's own; nothing is written into the environment.
"""

import contextlib
import os
from pathlib import Path
from urllib.parse import quote

from . import copies

START = "lectures/00_start_here.ipynb"
HARMLESS = (
    "is not trusted",  # a copy that another program has saved: Lab shows that in its status bar
    "ping timeout",  # the computer slept: Lab connects again by itself
    "Unwritable directory",  # nbgrader's exchange, which the course does without: formgrader says so
    "Formgrader config is not serializable",
)
SETTINGS = Path(__file__).with_name("jupyter")


def find_course(start=None):
    """The course's folder: the working directory or one above it, else where this library stands.

    Raises
    ------
    FileNotFoundError
        If none of them holds the start page.
    """
    start = Path.cwd() if start is None else Path(start).resolve()
    for folder in (start, *start.parents, Path(__file__).resolve().parents[1]):
        if (folder / START).is_file() and not _holds_copies(folder):
            return folder
    raise FileNotFoundError(
        f"there is no course in {start}: go to the folder that holds {START} and try again."
    )


def _holds_copies(folder):
    """Is it the folder mine/ of a course? Somebody's clone may have the same name."""
    return folder.name == copies.MINE and (folder.parent / START).is_file()


def open_course(root, page=None, instructor=False, options=()):
    """Run JupyterLab on the course until it is stopped.

    Parameters
    ----------
    root : the course's folder
    page : a file to open, from the working directory, or the reader's own copy of it where there is one;
        default: the start page, for instructors the list of files
    instructor : with nbgrader's menus and formgrader
    options : further options, handed on to JupyterLab

    Raises
    ------
    FileNotFoundError, ValueError
        If `page` is not there, or not in the course's folder.
    CopyError
        If the reader's copies cannot be made.
    ModuleNotFoundError
        If JupyterLab is missing, or nbgrader for an instructor.
    """
    where = None if page is None else _inside(root, page)
    settings = [SETTINGS / "learner"]
    if instructor:
        import nbgrader  # noqa: F401  # else its menus would be missing without a word

        settings.insert(0, SETTINGS / "instructor")
    else:
        for line in copies.said_of(copies.refresh(root)):
            print(line)
        own = f"{copies.MINE}/{where or START}"
        where = own if where is None or (Path(root) / own).is_file() else where
    paths = [*map(str, settings), os.environ.get("JUPYTER_CONFIG_PATH")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    os.chdir(root)  # where nbgrader looks for its configuration
    import jupyterlab.labapp
    from jupyter_client.manager import KernelManager

    trust(root)
    arguments = [
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{quote(where)}" if where else "--LabApp.default_url=/lab",
        "--log-level=WARN",
        # newer kernels complain of a connection in plain text, older ones of an option that they do not know
        *(
            ["--KernelManager.transport_encryption=auto"]
            if hasattr(KernelManager, "transport_encryption")
            else []
        ),
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        *options,
    ]
    server = jupyterlab.labapp.LabApp.initialize_server(argv=arguments)
    print(f"The course is open: {server.connect_url.split()[0]}\nCtrl+C twice ends it.", flush=True)
    server.identity_provider.token_generated = False  # else Lab says the same again in six lines
    server.log.addFilter(lambda record: not any(words in record.getMessage() for words in HARMLESS))
    server.start()


def trust(root):
    """Sign the course's own notebooks, so that Lab shows their moving pictures before they are run."""
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    with contextlib.closing(notary.store):
        for path in sorted([*Path(root).glob("lectures/*.ipynb"), *Path(root).glob("exercises/*/*.ipynb")]):
            try:
                notebook = nbformat.read(path, nbformat.NO_CONVERT)
            except (OSError, ValueError, nbformat.ValidationError):
                continue  # Lab says what is wrong with it when it is opened
            if not notary.check_signature(notebook):
                notary.sign(notebook)


def _inside(root, page):
    file = Path(page).resolve()
    if not file.exists():
        raise FileNotFoundError(
            f"{page}: there is no such file. (Options of JupyterLab are written with a =, like --port=8899.)"
        )
    if not file.is_relative_to(Path(root).resolve()):
        raise ValueError(f"{page} is not in the course's folder {root}: Lab shows only what is there.")
    return file.relative_to(Path(root).resolve()).as_posix()
