"""Imports go downwards only, nothing heavy loads early, modules stay short."""

import ast
import subprocess
import sys

import pytest
from conftest import ROOT

PACKAGE = ROOT / "vgcourse"
# The design's table: a module may import what stands before it, on a lower level or earlier in its own.
# A module with an underscore helps all of them.
LEVELS = {
    0: "activations losses initializers optim tasks gradcheck",
    1: "layers normalization convolution residual_blocks skip recurrent",
    2: "sequence memory mlp dynamics stability scalar_maps meanfield jacobians spectra diagnostics symptoms",
    3: "plotting",
    4: "widgets",
    5: "check",
    6: "grading",
}
RANK = {name: (level, i) for level, names in LEVELS.items() for i, name in enumerate(names.split())}
RANK |= {"_validate": (-1, 0), "_trees": (-1, 0)}
# Beside the levels: what builds the notebooks knows nothing of the library; only `cli` knows everything.
RANK |= {
    "_execute": (-1, 0),
    "notebook_style": (-1, 0),
    "notebooks": (-1, 1),
    "doctor": (-1, 1),
    "cli": (7, 0),
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def top(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_modules(path):
    """Full names of everything that a file imports, at its top or inside a function."""
    parts = ["vgcourse", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module == "vgcourse":
                yield from (f"vgcourse.{alias.name}" for alias in node.names)
            else:
                yield module


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards(path):
    name = top(path)
    assert name in RANK, f"give {name} a level in this test and in the design's table"
    for module in imported_modules(path):
        target = module.split(".")[1] if module.startswith("vgcourse.") else name
        if target != name and not target.startswith("__"):
            assert RANK[target] < RANK[name], f"{name} imports {target}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_stay_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250


@pytest.mark.parametrize("path", sorted((PACKAGE / "plotting").glob("*.py")), ids=lambda path: path.name)
def test_plotting_imports_numpy_and_matplotlib_only(path):
    modules = {module for module in imported_modules(path) if not module.startswith("vgcourse.plotting")}
    foreign = {module.split(".")[0] for module in modules} - set(sys.stdlib_module_names)
    assert foreign <= {"numpy", "matplotlib", "IPython"}, (
        "IPython's display is the one exception, inside show()"
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
