"""`vgcourse grade`: a class graded on all cores or several machines, with students' code in a jail.

A submission (`submissions`) becomes an order (`orders`). An executor takes it to a worker (`executors`,
`on_dask`), which runs it in the jail and judges outside of it (`scoring`). The result is kept (`kept`) and
written where nbgrader looks for it (`gradebook`, `autograded`). `running` ties these. Plain nbgrader gives an
honest answer the same score.
"""

from vgcourse.grading.engine.errors import EngineError

__all__ = ["EngineError"]
