"""Imports go downwards only, nothing heavy loads early, files hold one thought."""

import ast
import subprocess
import sys
import tokenize

import pytest
from conftest import ROOT

PACKAGE = ROOT / "vgcourse"
# The design's table: a room may import what stands before it, on a lower floor or earlier on its own.
# A module with an underscore helps all of them.
FLOORS = {
    0: "activations losses initializers optim gradcheck tasks",
    1: "layers recurrent mlp",
    2: "dynamics clinic",
    3: "plotting widgets",
    4: "collect problems",
    5: "judge",
    6: "tell",
    7: "check",
    8: "grading",
}
RANK = {name: (floor, i) for floor, names in FLOORS.items() for i, name in enumerate(names.split())}
RANK |= {"_validate": (-1, 0), "_trees": (-1, 0), "_files": (-1, 0)}
# Beside the floors: what builds or opens the notebooks knows nothing of the library; only `cli` does.
RANK |= {"authoring": (-1, 1), "doctor": (-1, 1), "copies": (-1, 1), "lab": (-1, 2), "cli": (9, 0)}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
LONGEST = 200  # lines of code
LONGER = {"plotting/cell_layouts.py": 215}  # a table of coordinates


def dotted(path):
    """The full name of a file's module; a package's is that of its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {dotted(path): path for path in PACKAGE.rglob("*.py")}


def imported_modules(path):
    """Full names of everything that a file imports, at its top, inside a function or by importlib."""
    parts = ["vgcourse", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
            inner = [name for name in names if name in FILES]  # `from vgcourse.recurrent import fast`
            yield from inner
            if len(inner) < len(names) and module != "vgcourse":
                yield module
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
            "import_module",
            "__import__",
        ):
            yield from _named_by(node.args[0])


def _named_by(argument):
    """The module that `import_module` is asked for: its constant start, where the rest is a variable."""
    first = argument.values[0] if isinstance(argument, ast.JoinedStr) else argument
    if isinstance(first, ast.Constant):
        yield first.value.rstrip(".")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards(path):
    name = dotted(path).split(".")[1]
    assert name in RANK, f"give {name} a floor in this test and in the design's table"
    for module in imported_modules(path):
        if module.startswith("vgcourse."):
            target = module.split(".")[1]
            assert target == name or RANK[target] < RANK[name], f"{name} imports {target}"


def test_files_import_each_other_in_no_circle():
    inside = {
        name: {module for module in imported_modules(path) if module in FILES and module != name}
        for name, path in FILES.items()
    }
    done = set()

    def walk(name, way):
        assert name not in way, " → ".join([*way[way.index(name) :], name])
        if name not in done:
            for module in inside.get(name, ()):
                walk(module, [*way, name])
            done.add(name)

    for name in inside:
        walk(name, [])


def code_lines(path):
    """How many lines of a file are code: no blank line, no comment, no docstring."""
    with tokenize.open(path) as file:
        skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
        tokens = [t for t in tokenize.generate_tokens(file.readline) if t.type not in skipped]
    lines = {line for t in tokens for line in range(t.start[0], t.end[0] + 1)}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines) - 1  # the end marker


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_stay_as_long_as_their_thought(path):
    known = path.read_text(encoding="utf-8").count("\n        Mistake(")  # a line of data each
    assert code_lines(path) - known <= LONGER.get(str(path.relative_to(PACKAGE)), LONGEST)


def test_docstrings_comments_and_blank_lines_are_no_code(tmp_path):
    file = tmp_path / "sample.py"
    text = (
        '"""Two\nlines."""\n\n# why\nx = 1  # code\n\n\ndef f():\n    """One."""\n    return (\n        x\n'
    )
    file.write_text(text + "    )\n")
    assert code_lines(file) == 5


@pytest.mark.parametrize("path", sorted((PACKAGE / "plotting").glob("*.py")), ids=lambda path: path.name)
def test_plotting_imports_numpy_and_matplotlib_only(path):
    modules = {module for module in imported_modules(path) if not module.startswith("vgcourse.plotting")}
    foreign = {module.split(".")[0] for module in modules} - set(sys.stdlib_module_names)
    assert foreign <= {"numpy", "matplotlib", "IPython", "PIL"}, (
        "the exceptions: IPython's display inside show(); PIL, which matplotlib brings, for palette pictures"
    )


def test_import_loads_nothing_heavy():
    code = "import sys, vgcourse; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"matplotlib", "ipywidgets", "IPython", "nbformat"} & set(done.stdout.split())


def test_submodules_load_by_name():
    import vgcourse

    assert vgcourse.activations.__name__ == "vgcourse.activations"
    assert set(vgcourse.__all__) <= set(dir(vgcourse))
    with pytest.raises(AttributeError, match="no attribute 'activatons'"):
        _ = vgcourse.activatons


def test_every_submodule_of_the_list_exists():
    import vgcourse

    for name in vgcourse.__all__:
        assert (PACKAGE / f"{name}.py").exists() or (PACKAGE / name / "__init__.py").exists(), name


@pytest.mark.parametrize(
    "room", ["layers", "recurrent", "recurrent/fast", "recurrent/memory", "dynamics", "clinic"]
)
def test_a_package_hands_on_every_public_function(room):
    import importlib

    package = importlib.import_module("vgcourse." + room.replace("/", "."))
    for path in sorted((PACKAGE / room).glob("[a-z]*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                assert hasattr(package, node.name), f"{room}/__init__.py lacks {node.name} of {path.name}"


def test_the_wheel_holds_no_answers():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'packages = ["vgcourse"]' in text
    assert not any("answers" in path.name or "samples" in path.name for path in MODULES)
