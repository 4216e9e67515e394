"""An argument check that several layers share."""

from vgcourse._validate import expect_shape


def expect_linear(where, name, x, **layer):
    """Raise ValueError unless x fits a linear layer, given by names as weights (H, D) and bias (H,)."""
    (weights, W), (bias, b) = layer.items()
    expect_shape(where, weights, W, ("H", "D"))
    because = f"{weights} has shape {W.shape}"
    expect_shape(where, bias, b, W.shape[:1], because)
    if x.shape[-1:] != W.shape[1:]:
        raise ValueError(
            f"{where}: {name} has shape {x.shape}; expected (…, {W.shape[1]}) because {because}."
        )
