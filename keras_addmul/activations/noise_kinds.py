"""The kinds of noise that the paper defines, each by what it does."""

import dataclasses

__all__ = ["KINDS", "Kind", "get_kind"]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of noise.

    Attributes:
        name: Its name in the paper.
        on_output: Whether the noise is added to the output; else it is added to the input.
        learned: Whether the scale of the noise is learned; else it is fixed.
        only_saturated: Whether noise on the input is left out where the input does not
            saturate.
        noise: What the noise follows unless another one is given.
        c: Where a layer starts the scale; None: where its base says.
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

    >>> from keras_addmul.activations.noise_kinds import get_kind
    >>> get_kind("NAH").noise, get_kind("NANIS").only_saturated
    ('half_normal', True)

    Raises:
        ValueError: If the name is unknown; the message lists the known ones.
    """
    if not isinstance(name, str) or name not in KINDS:
        known = ", ".join(repr(n) for n in KINDS)
        raise ValueError(f"Argument `kind` must be one of {known}. Received: {name!r}")
    return KINDS[name]
