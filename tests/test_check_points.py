"""Points: by quantity, and what one slip spoiled keeps half."""

import numpy as np
import pytest
from right_answers.ps1 import linear_products
from test_check_explanations import small  # noqa: F401, the fixture

from vgcourse.check import evaluate, find, names
from vgcourse.judge.points import halved, share_of
from vgcourse.judge.results import Row
from vgcourse.problems import Case, Mistake
from vgcourse.problems.problem import drawn

LINEAR = "ps1.linear_backward"
VALUES = [name for name in names() if not find(name).exact]
MARKED = [(name, mistake) for name in VALUES for mistake in find(name).mistakes if mistake.beside_the_point]


def by_quantity(verdict):
    """What the rows that are right are worth, and nothing else."""
    return pytest.approx(share_of(find(verdict.problem), verdict.rows), rel=1e-12, abs=0)


def spoilt(change):
    """linear_backward with dx, dW, db changed by name."""

    def answer(dz, x, W):
        out = dict(zip(("dx", "dW", "db"), linear_products(dz, x, W), strict=True))
        for name, value in change(out, dz, x, W).items():
            out[name] = value
        return tuple(out.values())

    return answer


def test_one_slip_keeps_half():
    averaged = spoilt(lambda out, dz, x, W: {"db": out["db"] / x.shape[1]})
    verdict = evaluate(LINEAR, averaged)
    assert verdict.halved == ("db",) and verdict.share == pytest.approx(5 / 6, rel=1e-12, abs=0)


def test_who_returns_nothing_has_not_saved_memory():
    assert evaluate("ps6.checkpointed_backward", lambda *args: None).share == 0


def test_two_slips_keep_nothing():
    both = spoilt(lambda out, dz, x, W: {"db": out["db"] / x.shape[1], "dW": -out["dW"]})
    verdict = evaluate(LINEAR, both)
    assert verdict.halved == () and verdict.share == pytest.approx(1 / 3, rel=1e-12, abs=0)


def product(x):
    return np.tanh(x) * (1 + x)


def test_a_slip_that_nobody_wrote_down_keeps_half(small):  # noqa: F811
    small(product)
    verdict = evaluate("start.small", lambda x: np.tanh(x) * (1 - x))
    assert [finding.group for finding in verdict.findings] == ["slip"] and verdict.share == 0.5


def test_results_in_another_order_keep_half(small):  # noqa: F811
    small(lambda x: (np.sin(x), np.cos(x)), quantities=("a", "b"))
    assert evaluate("start.small", lambda x: (np.cos(x), np.sin(x))).share == 0.5


def test_an_unknown_mistake_keeps_nothing(small):  # noqa: F811
    small(lambda x: np.tanh(x) * (1 + x), quantities=("y",))
    verdict = evaluate("start.small", lambda x: x**3 + np.exp(x))
    assert verdict.halved == () and verdict.share == 0


@pytest.mark.parametrize("beside, share", [(False, 0.5), (True, 0.0)])
def test_an_answer_to_another_question_keeps_nothing(small, beside, share):  # noqa: F811
    other = Mistake("a sine", lambda x: np.sin(x), "You take the sine.", beside_the_point=beside)
    small(np.tanh, mistakes=(other,))
    assert evaluate("start.small", np.sin).share == share


def test_one_of_two_twins_beside_the_point_keeps_nothing(small):  # noqa: F811
    twins = (
        Mistake("a sine", lambda x: np.sin(x), "A sine."),
        Mistake("another", lambda x: np.sin(x), "A sine, too.", beside_the_point=True),
    )
    small(np.tanh, mistakes=twins)
    assert evaluate("start.small", np.sin).share == 0


NO_WORK = {
    "zeros": lambda x, W: np.zeros_like(x),
    "a constant": lambda x, W: np.full_like(x, 0.3),
    "an argument": lambda x, W: x.copy(),
    "an argument, transposed": lambda x, W: W.T.copy(),
}


@pytest.mark.parametrize("kind", NO_WORK)
def test_what_is_no_work_keeps_nothing_though_it_is_known(small, kind):  # noqa: F811
    made = Mistake(kind, NO_WORK[kind], "So.")
    small(
        lambda x, W: np.tanh(x) + W.T,
        cases=lambda rng: [Case((rng.normal(size=(3, 2)), rng.normal(size=(2, 3))), ("y",))],
        mistakes=(made,),
    )
    verdict = evaluate("start.small", NO_WORK[kind])
    assert verdict.share == 0 and verdict.halved == ()


def test_answers_right_or_wrong_as_a_whole_keep_nothing():
    for name in ("ps1.is_right", "ps2.repair_net"):
        for mistake in find(name).mistakes[:6]:
            verdict = evaluate(name, mistake.formula)
            assert verdict.halved == () and verdict.share == by_quantity(verdict)


def test_what_failed_or_has_another_shape_keeps_nothing():
    rows = [
        Row("a", (2,), 0.5, False, ""),
        Row("b", (2,), 0.5, False, "shape (2, 1)"),
        Row("c", None, np.inf, False, ""),
    ]
    assert halved(find(LINEAR), [], rows[1:], {"b"}) == ()


def test_a_list_shares_its_worth_among_its_members():
    rows = [Row(f"dWs[{k}]", (2,), 0.5, k == 0, "") for k in range(4)] + [Row("dx", (2,), 0, True, "")]
    problem = find("ps1.deep_backward")
    assert share_of(problem, rows) == (1 / 4 + 1) / 2
    assert share_of(problem, rows, ("dWs[1]", "dWs[2]", "dWs[3]")) == (2.5 / 4 + 1) / 2


# --- every problem -------------------------------------------------------------------------------------


def answers_without_work(name):
    """Zeros, ones, and arguments of the right size in place of every result."""
    reference = find(name).reference

    def filled(value, make):
        if isinstance(value, (list, tuple)):
            return [filled(item, make) for item in value]
        return make(np.asarray(value))

    yield lambda *args: filled(reference(*args), np.zeros_like)
    yield lambda *args: filled(reference(*args), np.ones_like)
    for k in range(len(drawn(find(name), 0)[0].args)):

        def handed_back(value, arg):
            arg = np.asarray(arg)
            return arg.reshape(value.shape).copy() if arg.size == value.size else np.zeros_like(value)

        def answer(*args, k=k):
            if isinstance(args[k], (int, float, np.ndarray)):
                return filled(reference(*args), lambda value: handed_back(value, args[k]))
            return None

        yield answer


@pytest.mark.parametrize("name", VALUES)
def test_zeros_constants_and_arguments_earn_what_is_right_by_chance_alone(name):
    for answer in answers_without_work(name):
        verdict = evaluate(name, answer)
        assert verdict.share == by_quantity(verdict)


@pytest.mark.parametrize(("name", "mistake"), MARKED, ids=lambda value: getattr(value, "name", value))
def test_what_is_beside_the_point_keeps_nothing(name, mistake):
    verdict = evaluate(name, mistake.formula)
    assert verdict.halved == () and verdict.share == by_quantity(verdict)


@pytest.mark.parametrize("name", [name for name in VALUES if name != "ps6.checkpointed_backward"])
def test_the_points_of_a_mistake_do_not_depend_on_the_inputs(name):
    """A mistake of each, on inputs of 20 seeds; all of them, on five, are in `make checker-report`."""
    mistakes = [m for m in find(name).mistakes if not m.beside_the_point]
    mistake = mistakes[len(mistakes) // 2]
    by_rows = {}
    for seed in range(20):
        verdict = evaluate(name, mistake.formula, seed=seed)
        wrong = tuple(row.name for row in verdict.rows if not row.ok)  # a result may be right by chance
        by_rows.setdefault(wrong, []).append(verdict.halved)
    for halves in by_rows.values():  # one number in twenty cases may be a constant by chance, too
        assert len(halves) - halves.count(max(halves, key=halves.count)) <= 1, mistake.name
