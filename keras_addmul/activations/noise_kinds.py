"""The kinds of noise that the paper defines."""

import dataclasses

__all__ = ["KINDS", "Kind", "get_kind"]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of noise.

    Attributes:
        name: Its name in the paper.
        on_output: Whether the noise is added to the output instead of the input.
        learned: Whether the scale of the noise is learned instead of fixed.
        only_saturated: Whether noise on the input is added only where the input
            saturates.
        noise: Default distribution of the noise.
        c: Initial scale in a layer; None means the default of the base.
    """

    name: str
    on_output: bool
    learned: bool
    only_saturated: bool = False
    noise: str = "normal"
    c: float | None = None


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("NAN", on_output=True, learned=True),
        Kind("NAH", on_output=True, learned=True, noise="half_normal"),
        Kind("NANI", on_output=False, learned=False, c=0.05),
        Kind("NANIL", on_output=False, learned=True),
        Kind("NANIS", on_output=False, learned=False, only_saturated=True, c=0.25),
    )
}


def get_kind(name: str) -> Kind:
    """Returns a kind of noise by its name.

    Args:
        name: Its name in the paper, such as `"NAH"`.

    Returns:
        A `Kind`.

    Raises:
        ValueError: If the name is unknown; the message lists the known ones.

    Example:

    >>> from keras_addmul.activations.noise_kinds import get_kind
    >>> get_kind("NAH").noise, get_kind("NANIS").only_saturated
    ('half_normal', True)
    """
    if not isinstance(name, str) or name not in KINDS:
        known = ", ".join(repr(n) for n in KINDS)
        raise ValueError(f"Argument `kind` must be one of {known}. Received: {name!r}")
    return KINDS[name]
