"""The inputs of a run: for every problem a seed that only the run's secret tells."""

from vgcourse.grading.engine.errors import EngineError
from vgcourse.grading.engine.orders import digest_of, environment
from vgcourse.grading.variant import SecretError, private

VISIBLE = 0  # the notebook's own: what is shown, and the same for everybody


def seeds_for(problems, secret, folder):
    """problem → (this run's seed, the visible one); kept in the run's folder, since drawing takes some time.

    A seed counts only if the course's own answer passes with it.

    Parameters
    ----------
    problems : names
    secret : bytes
    folder : RunFolder
    """
    owner = digest_of(secret, environment(), *problems)
    seeds = folder.kept_seeds(owner)
    if seeds is None:
        try:
            seeds = {name: int(private(name, "run", secret)) for name in problems}
        except SecretError as error:
            raise EngineError(str(error)) from error
        folder.keep_seeds(owner, seeds)
    return {name: (seeds[name], VISIBLE) for name in problems}
