"""Execute a notebook in a fresh kernel of the current interpreter."""

import os
import sys

CELL_SECONDS = 120  # no cell of the course needs a tenth of it


class NotebookError(ValueError):
    """A notebook that cannot be read, built or released; the message says which, where and why."""


def execute(nb, path):
    """Run all cells of `nb` in place, in the folder of `path`; NotebookError names the cell that failed."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellControlSignal, DeadKernelError

    class ThisInterpreter(KernelSpecManager):
        """Start the interpreter that builds, whatever kernel is installed as python3 somewhere."""

        def get_kernel_spec(self, kernel_name):
            argv = [
                sys.executable,
                "-m",
                "ipykernel_launcher",
                "-f",
                "{connection_file}",
                "--log-level=ERROR",
            ]
            return KernelSpec(argv=argv, display_name="Python 3 (ipykernel)", language="python")

    class Manager(AsyncKernelManager):
        def __init__(self, **options):
            super().__init__(**{**options, "kernel_spec_manager": ThisInterpreter()})

    total = sum(cell.cell_type == "code" for cell in nb.cells)
    reached = []  # cells that started, so that a failure names the last one

    def progress(cell, cell_index):
        reached.append((cell_index, cell))
        if sys.stdout.isatty():
            print(f"\r{path.name}: cell {len(reached)} of {total} ", end="\r", flush=True)

    client = NotebookClient(
        nb,
        kernel_manager_class=Manager,
        kernel_name="python3",
        timeout=CELL_SECONDS,
        record_timing=False,
        coalesce_streams=True,  # how a stream is cut into messages depends on the weather
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_execute=progress,
    )
    try:
        client.execute(env={**os.environ, "VGCOURSE_PROGRESS": "off"})  # a build is nobody's progress
    except (CellControlSignal, DeadKernelError, RuntimeError, TimeoutError) as error:
        if not reached:
            raise NotebookError(f"{path}: the kernel did not start: {error}") from error
        index, cell = reached[-1]
        name, value = getattr(error, "ename", type(error).__name__), getattr(error, "evalue", str(error))
        first = cell.source.strip().split("\n")[0]
        raise NotebookError(
            f"{path}: cell {index + 1} ({cell.id}: {first}) failed: {name}: {value}"
        ) from error
