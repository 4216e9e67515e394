"""What a recurrent cell is: a value that says all that others need to know of it.

A cell is one section of a file (types, init, step forward, step backward, this value), one line in `cells`.
"""

from collections.abc import Callable, Mapping
from functools import partial, wraps
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from vgcourse._validate import expect_choice
from vgcourse.recurrent._arguments import check_dstate, check_init, check_step

NO_OPTIONS = MappingProxyType({})
EQUATIONS = {}  # checked step function -> the same without its checks


class Cell(NamedTuple):
    """A recurrent cell.

    Attributes
    ----------
    name : how it is called
    params_type : NamedTuple of its weights, and of their gradients
    init : function (D, H, *, rng, dtype, …) → params
    step_forward : function (params, x_t, state, …) → state, cache
    step_backward : function (dstate, cache) → dx_t, dstate_prev, grads
    carry_and_write : function (state, cache) → (carry, write, candidate), see `as_carry_and_write`
    torch_step : function (torch, params, x_t, state, …) → state, the step in torch's operators, for tests
    state_arrays : 1 for a state (N, H), 2 for the LSTM's (2, N, H)
    step_options, init_options : keyword → the values that change the equations, the default first
    """

    name: str
    params_type: type
    init: Callable
    step_forward: Callable
    step_backward: Callable
    carry_and_write: Callable
    torch_step: Callable
    state_arrays: int = 1
    step_options: Mapping = NO_OPTIONS
    init_options: Mapping = NO_OPTIONS

    def state_shape(self, N, H):
        """Shape of the state of N sequences: (N, H) or (2, N, H)."""
        return (N, H) if self.state_arrays == 1 else (self.state_arrays, N, H)


def checked_forward(params_type, *, gates=1, arrays=1, **choices):
    """Decorator: a step forward that checks its arguments, as `check_step`, before its equations.

    `gates` is how many blocks of H rows W_h has, `arrays` how many arrays the state; `choices` are the
    values that an option may take.
    """

    def decorate(equations):
        @wraps(equations)
        def step_forward(params, x_t, state, **options):
            given = check_step(equations.__name__, params_type, params, x_t, state, gates, arrays)
            for name, value in options.items():
                if name in choices:
                    expect_choice(equations.__name__, name, value, choices[name])
            return equations(*given, **options)

        EQUATIONS[step_forward] = equations
        return step_forward

    return decorate


def checked_backward(cache_type, *, arrays=1):
    """Decorator: a step backward that checks its arguments, as `check_dstate`, before its equations."""

    def decorate(equations):
        @wraps(equations)
        def step_backward(dstate, cache):
            return equations(check_dstate(equations.__name__, cache_type, dstate, cache, arrays), cache)

        EQUATIONS[step_backward] = equations
        return step_backward

    return decorate


def equations_of(step):
    """The step without its checks, for a loop whose first step has passed them; `step` itself if it has none.

    Looked up by the function itself, so what somebody wrapped around a step is never left out.
    """
    if isinstance(step, partial):
        return partial(equations_of(step.func), *step.args, **step.keywords)
    return EQUATIONS.get(step, step)


def gate_weights(where, gates, D, H, rng, dtype, initializer, recurrent):
    """W_x, W_h and b = 0 of so many gates, each gate's block drawn for itself: its fan-out is H."""
    check_init(where, rng, dtype, D=D, H=H)
    W_x = np.concatenate([initializer((H, D), rng=rng, dtype=dtype) for _ in range(gates)])
    W_h = np.concatenate([recurrent((H, H), rng=rng, dtype=dtype) for _ in range(gates)])
    return W_x, W_h, np.zeros(gates * H, dtype)
