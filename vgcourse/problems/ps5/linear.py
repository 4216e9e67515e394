"""Problem set 5 on linear recursions: inputs that arrive late."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem


def matrix_with(blocks, rng):
    """A real matrix with these eigenvalues: a number is a real one, (ρ, θ) the pair ρ e^{±iθ}."""
    D = block_diagonal(blocks)
    left, right = (np.linalg.qr(rng.normal(size=D.shape))[0] for _ in range(2))
    V = left * rng.uniform(1, 2.5, len(D)) @ right  # not orthogonal, so that W is not normal
    return V @ D @ np.linalg.inv(V)


def block_diagonal(blocks):
    """Numbers on the diagonal, and (7.6) for every (ρ, θ)."""
    rows = sum(1 + isinstance(block, tuple) for block in blocks)
    D, i = np.zeros((rows, rows)), 0
    for block in blocks:
        if isinstance(block, tuple):
            rho, angle = block
            turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
            D[i : i + 2, i : i + 2] = rho * np.array(turn)
            i += 2
        else:
            D[i, i] = block
            i += 1
    return D


# --- delayed_response ------------------------------------------------------------------------------


def delayed_response(W, C, V, x, h0, delay):
    """y_t = V h_t with h_t = W h_{t−1} + C x_{t−d} for t = 1 … T, nothing before x_1; row t − 1 of x holds x_t."""
    hs, y = [h0], []
    for t in range(len(x)):
        late = x[t - delay] if t >= delay else 0 * x[0]
        hs.append(W @ hs[-1] + C @ late)
        y.append(V @ hs[-1])
    return np.array(y)


def _within(x, t):
    return x[t] if 0 <= t < len(x) else 0 * x[0]


def _late_state(hs, d):
    """h_{t−d}, and h_0 where there is no such state yet; d = 0 cannot be, so 1 at least."""
    return hs[max(len(hs) - max(d, 1), 0)]


def _moved_down(y, d):
    return np.vstack([np.zeros((d, y.shape[1])), y])[: len(y)]


def _response_cases(rng):
    cases = []
    for H, D, K, T, delay in (
        (4, 2, 3, 7, 2),
        (3, 3, 3, 5, 0),
        (2, 1, 4, 4, 6),
        (3, 2, 2, 6, 1),
        (1, 1, 1, 3, 3),
    ):
        W, C, V = (rng.normal(size=s) / np.sqrt(H) for s in ((H, H), (H, D), (K, H)))
        cases.append(Case((W, C, V, rng.normal(size=(T, D)), rng.normal(size=H), delay), ("y",), steps=T))
    return cases


DELAYED_RESPONSE = Problem(
    name="ps5.delayed_response",
    reference=delayed_response,
    cases=_response_cases,
    axes={"y": ("step", "output")},
    points=2,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("delay ignored", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[t]"), "Your inputs arrive at once. Here x_t reaches the state d steps later.", beside_the_point=True),
        Mistake("late inputs come round", edit(" if t >= delay else 0 * x[0]", ""), "Your first d steps hear the end of x: a negative index counts from the end in Python. Before x_1 there was nothing."),
        Mistake("np.roll goes round", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[(t - delay) % len(x)]"), "Your first d steps hear the end of x: moved in a circle, what falls out behind comes in again in front. Before x_1 there was nothing."),
        Mistake("one step more", edit("x[t - delay] if t >= delay else 0 * x[0]", "_within(x, t - delay - 1)"), "Your inputs come one step too late: with d = 0, x_1 has to be heard in h_1."),
        Mistake("one step less", edit("x[t - delay] if t >= delay else 0 * x[0]", "_within(x, t - delay + 1)"), "Your inputs come one step too early: with d = 0, x_2 must not be heard in h_1."),
        Mistake("one step less, but at once for d = 0", edit("x[t - delay] if t >= delay else 0 * x[0]", "_within(x, t - max(delay - 1, 0))"), "Your inputs come d − 1 steps late. With d = 1, x_1 is heard in h_2: a step later than without a delay."),
        Mistake("inputs added up", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[: max(t - delay + 1, 0)].sum(axis=0)"), "Your step t adds all inputs up to x_{t−d}. Each comes in once; afterwards it is in the state."),
        Mistake("the future is heard", edit("x[t - delay] if t >= delay else 0 * x[0]", "_within(x, t + delay)"), "Your state hears inputs before they are there, x_{t+d}. Late means x_{t−d}."),
        Mistake("np.roll the wrong way", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[(t + delay) % len(x)]"), "You moved x round the wrong way: your state hears x_{t+d} before it is there. Late means x_{t−d}, and before x_1 nothing."),
        Mistake("first input skipped", edit("t >= delay", "t > delay"), "Your x_1 is never heard; the later inputs come when they should. With d = 0, x_1 belongs to h_1."),
        Mistake("first input held", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[max(t - delay, 0)]"), "Until the first input arrives, your steps use x_1 again and again. Before it there was nothing, so nothing is added."),
        Mistake("late start", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[t] if t >= delay else 0 * x[0]"), "Your first d inputs are dropped, and the later ones arrive at once. None is lost here: x_1 is heard in step d + 1."),
        Mistake("delay taken modulo T", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[t - delay % len(x)] if t >= delay % len(x) else 0 * x[0]"), "A delay as long as the sequence, or longer, comes round in your answer, as with np.roll: some inputs are heard. None has arrived yet."),
        Mistake("state waits for the input", edit("W @ hs[-1]", "(hs[-1] if t < delay else W @ hs[-1])"), "Your first d outputs are all those of h_0: the state stands still, or the output is read late. Without an input the state still goes through W."),
        Mistake("output late", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[t]", "np.array(y)", "_moved_down(np.array(y), delay)"), "Your outputs come d steps late, after zeros. Late are the inputs alone: h_0 is heard from y_1 on."),
        Mistake("nothing read before the first input", edit("append(V", "append((t >= delay) * V"), "Your first d outputs are zeros. Without an input there is still the state, which started at h_0."),
        Mistake("feedback late", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[t]", "W @ hs[-1]", "W @ _late_state(hs, delay)"), "You delay the state: W h_{t−d} with x_t. Here the input is late, x_{t−d}, and the state is h_{t−1}."),
        Mistake("feedback late, zeros before", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[t]", "W @ hs[-1]", "W @ (_late_state(hs, delay) if t + 1 >= delay else 0 * h0)"), "You delay the state: W h_{t−d} with x_t, and nothing until h_0 is heard. Here the input is late, x_{t−d}, and the state is h_{t−1}."),
        Mistake("state and input late", edit("W @ hs[-1]", "W @ _late_state(hs, delay)"), "You delay the state as well: W h_{t−d}. Only the input is late; the state is h_{t−1}."),
        Mistake("state one step later still, and input late", edit("W @ hs[-1]", "W @ hs[max(t - delay, 0)]"), "You delay the state as well, by d more steps: W h_{t−1−d}. Only the input is late; the state is h_{t−1}."),
        Mistake("state one step later still, zeros before", edit("W @ hs[-1]", "W @ (hs[t - delay] if t >= delay else 0 * h0)"), "You delay the state as well, by d more steps: W h_{t−1−d}, and nothing before. Only the input is late; the state is h_{t−1}."),
        Mistake("feedback one step later still", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[t]", "W @ hs[-1]", "W @ hs[max(t - delay, 0)]"), "You delay the state by d more steps, W h_{t−1−d}, with x_t. Here the input is late, x_{t−d}, and the state is h_{t−1}."),
        Mistake("W untransposed", edit("W @ hs[-1]", "hs[-1] @ W"), "Your recursion multiplies by Wᵀ. Row i of W says what unit i hears."),
        Mistake("C untransposed", edit("C @ late", "late @ C"), "Your input goes through Cᵀ. Only where D = H does numpy let that run."),
        Mistake("V untransposed", edit("V @ hs[-1]", "hs[-1] @ V"), "Your output is read through Vᵀ. Only where K = H does numpy let that run."),
        Mistake("state returned", edit("V @ ", ""), "You return the states. Asked for is what is read from them, y_t = V h_t."),
        Mistake("output of the state before", edit("V @ hs[-1]", "V @ hs[-2]"), "Your y_t is read from h_{t−1}. It belongs to the state after the step, h_t."),
        Mistake("start at zero", edit("[h0]", "[0 * h0]"), "Your state starts at zero. It starts at h_0, which is not."),
        Mistake("state not carried", edit("W @ hs[-1] + ", ""), "Your states are C x alone: what was there before is lost at every step."),
        Mistake("W left out", edit("W @ hs[-1]", "hs[-1]"), "You add up inputs and never multiply the state by W."),
        Mistake("input through W too", edit("C @ late", "W @ C @ late"), "Your input goes through W in the step in which it arrives. It meets W from the next step on."),
        Mistake("tanh around it", edit("y.append", "hs[-1] = np.tanh(hs[-1])\n        y.append"), "You put a tanh around the step. This recursion is linear."),
        Mistake("y_0 returned", edit("np.array(y)", "np.array([V @ hs[0], *y])"), "Your answer starts with y_0. Asked for are y_1 … y_T, one for each input."),
        Mistake("no input where d is 0", edit("if t >= delay", "if t >= delay > 0"), "Where d is 0 you hear no input at all, as x[:-0] is empty in Python. There every input is heard in its own step."),
        Mistake("d = 0 as d = 1", edit("x[t - delay] if t >= delay", "x[t - max(delay, 1)] if t >= max(delay, 1)"), "Where d is 0 your inputs come one step late, as with d = 1. There x_1 is heard in h_1."),
        Mistake("read one step ahead", edit("V @ hs[-1]", "V @ W @ hs[-1]"), "Your y_t is V W h_t: the state goes through W once more before it is read."),
        Mistake("h_0 at every step", edit("W @ hs[-1]", "W @ hs[0]"), "Every step of yours multiplies h_0 by W. It is the state of the step before that is multiplied."),
        Mistake("h_0 added at every step", edit("C @ late", "C @ late + h0"), "You add h_0 at every step. It is the start, and afterwards it is in the state."),
        Mistake("inputs aged by W^d", edit("C @ late", "np.linalg.matrix_power(W, delay) @ C @ late"), "Your inputs come late and have gone through W^d meanwhile. They wait outside the net: W is met from the step after their arrival on."),
        Mistake("inputs at once, aged by W^d", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[t]", "C @ late", "np.linalg.matrix_power(W, delay) @ C @ late"), "Your inputs arrive at once, multiplied by W^d. Late means that x_t itself is heard d steps later."),
        Mistake("first input alone", edit("t >= delay", "t == delay"), "Only x_1 is heard in your answer. From step d + 1 on every step hears one input."),
        Mistake("input and output late", edit("np.array(y)", "_moved_down(np.array(y), delay)"), "Your inputs come d steps late, and your outputs d steps later once more, after zeros. Only the inputs are late: y_t is read from h_t."),
        Mistake("outputs added up", edit("np.array(y)", "np.cumsum(y, axis=0)"), "Your rows are added up. Row t − 1 is V h_t alone."),
        Mistake("last output first", edit("np.array(y)", "np.array(y[::-1])"), "Your rows start with y_T. The first is y_1."),
        Mistake("x from its end", edit("x[t - delay] if", "x[::-1][t - delay] if"), "You read x from its last row. Row 0 holds x_1, which is heard first."),
        Mistake("every input held for d steps", edit("x[t - delay] if t >= delay else 0 * x[0]", "x[t // max(delay, 1)]"), "You hold each input for d steps. Each is heard once, d steps late."),
        Mistake("input heard until step d", edit("t >= delay else", "t < delay else"), "Your inputs are heard in the first d steps, and then no more. It is the other way round: before step d + 1 there is nothing to hear."),
        Mistake("input through Wᵈ too, one step more", edit("W @ hs[-1]", "np.linalg.matrix_power(W, delay + 1) @ hs[-1]"), "Your state goes through W^(d+1) in every step. It goes through W once, whatever d is."),
        Mistake("state to the power d", edit("W @ hs[-1]", "np.linalg.matrix_power(W, max(delay, 1)) @ hs[-1]"), "Your state goes through W^d in every step. It goes through W once, whatever d is."),
        Mistake("step of h_0 left out", edit("W @ hs[-1]", "(W @ hs[-1] if t else hs[0])"), "Your first step adds the input to h_0 itself. h_0 goes through W, too, before anything is added."),
        Mistake("input read directly", edit("y.append(V @ hs[-1])", "y.append(V @ (hs[-1] + C @ late))"), "Your y_t hears the late input once more, beside the state. It is in h_t already."),
    ),
    hints=(
        "One loop that carries one vector. Which row of x does step t hear, and from which t on is there one?",
        "Row t − 1 of x holds x_t, so in a loop over t = 0 … T − 1 the row is t − d. A negative one is no input.",
        "For d = 2: x_1 comes in at step 3, and steps 1 and 2 hear the state alone. Every step leaves one row, V h_t, read after the step.",
    ),
)  # fmt: skip
