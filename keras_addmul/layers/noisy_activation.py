"""A saturating activation with noise where it saturates."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_addmul.activations.distributions import Noise, default_noise, noise_config
from keras_addmul.activations.expectation import noisy_mean
from keras_addmul.activations.noise_kinds import get_kind
from keras_addmul.activations.noisy_family import noisy_sample
from keras_addmul.activations.saturating import get_base
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.checks import check_number, check_positive_integer, known_features
from keras_addmul.layers.seeded_layer import SeededLayer

__all__ = ["NoisyActivation"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class NoisyActivation(SeededLayer):
    """Saturating activation with noise where it saturates, in training only.

    `y = alpha h(x) + (1 - alpha) u(x) + d(x) s(x) noise`, where h is the activation, u its
    tangent at zero and `s = c (sigmoid(p (h - u)) - 1/2)^2`. The deeper a unit is in
    saturation, the larger the noise. Where h itself is flat, the scale of the noise still
    has a gradient, which leads out of saturation. At inference the layer returns the exact
    mean over the noise.

    Use it as a layer, or as the `activation` of any Keras layer, recurrent layers included.
    Create one object per layer: layers that hold the same object share its weights.
    Under JAX, `keras.layers.LSTM` and `GRU` need `unroll=True` then: a loop of JAX cannot draw
    noise. `NoisyLSTM` and `NoisyGRU` unroll theirs by themselves.

    Args:
        base: The activation: `"hard_tanh"`, `"tangent_sigmoid"` (slope 1/4),
            `"tanh"` or `"sigmoid"`.
        kind: Kind of noise. On the output: `"NAN"` (normal) or `"NAH"` (half-normal). On
            the input: `"NANI"` (fixed scale c), `"NANIL"` (learned scale s) or `"NANIS"`
            (scale c where the input is beyond the threshold of h).
        alpha: Number; the tangent has the weight `1 - alpha`. None means 1.15 for the
            tanh and 1.1 for the sigmoid. Unused by the kinds with noise on the input.
        c: Nonnegative number, initial scale of the noise; `NoiseAnnealing` changes it.
            None means 0.5 for the tanh and 0.15 for the sigmoid, but 0.05 for `NANI`
            and 0.25 for `NANIS`.
        noise: Distribution of the noise: `"normal"`, `"half_normal"`, or a distribution
            of tensorflow_probability. None means half-normal for `NAH` and normal for the
            other kinds.
        clip: Whether `NAN` and `NAH` clip noisy outputs to the limits of h, as gates need.
            The other kinds never leave these limits.
        monte_carlo: Whether to add noise at inference too.
        shared: Whether all features share one p.
        units: Number of features, or None. If given, the layer creates its weights at once
            instead of at its first call.
        p_initializer: Initializer for p; uniform on [-1, 1] by default.
        p_regularizer: Regularizer for p, or None.
        p_constraint: Constraint on p, or None.
        seed: Integer seed of the noise, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown or not `units`.
        TypeError: If the input does not hold floats.

    Weights:
        - `p` of shape `(features,)`, or `()` with `shared=True`, for the kinds that learn
          their scale.
        - `scale` of shape `()`, not trainable: the current c.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import NoisyActivation
    >>> layer = NoisyActivation(alpha=1.2, p_initializer="ones", seed=1)
    >>> x = np.array([[0.5, 4.0]], "float32")
    >>> layer(x).numpy().round(3)  # the mean
    array([[0.5  , 0.482]], dtype=float32)
    >>> y = layer(x, training=True).numpy()
    >>> bool(y[0, 0] == 0.5), bool(y[0, 1] == 0.482)
    (True, False)

    References:
        - [Gulcehre et al., 2016](https://arxiv.org/abs/1603.00391)
    """

    def __init__(
        self,
        base: str = "hard_tanh",
        kind: str = "NAH",
        alpha: float | None = None,
        c: float | None = None,
        noise: Any = None,
        clip: bool = False,
        monte_carlo: bool = False,
        shared: bool = False,
        units: int | None = None,
        p_initializer: Identifier = "default",
        p_regularizer: Identifier = None,
        p_constraint: Identifier = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        tanh = get_base(base).low < 0.0
        how = get_kind(kind)
        self.base: str = get_base(base).name
        self.kind: str = kind
        alpha = (1.15 if tanh else 1.1) if alpha is None else alpha
        self.alpha: float = check_number("alpha", alpha, -np.inf)
        if c is None:
            c = how.c if how.c is not None else 0.5 if tanh else 0.15
        self.c: float = check_number("c", c, 0.0, strict=False)
        self.noise: Noise = default_noise(kind, noise)
        self.clip: bool = bool(clip)
        self.monte_carlo: bool = bool(monte_carlo)
        self.shared: bool = bool(shared)
        self.units: int | None = check_positive_integer("units", units, optional=True)
        self.describe(
            "p",
            p_initializer,
            p_regularizer,
            p_constraint,
            default_initializer=keras.initializers.RandomUniform(-1.0, 1.0),
        )
        if self.units is not None:
            self.build((None, self.units))

    def build(self, input_shape: Shape) -> None:
        features = known_features(self, input_shape, self.units)
        self.p: Any = None
        if get_kind(self.kind).learned:
            self.p = self.create("p", () if self.shared else (features,), autocast=False)
        self.scale: Any = self.add_weight(
            name="scale",
            shape=(),
            initializer=keras.initializers.Constant(self.c),
            trainable=False,
            autocast=False,
        )
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        self.check(inputs)
        options = {
            "p": 1.0 if self.p is None else self.p,
            "c": self.scale,
            "base": self.base,
            "kind": self.kind,
            "alpha": self.alpha,
            "clip": self.clip,
            "noise": self.noise,
        }
        if training or self.monte_carlo:
            y = noisy_sample(inputs, self.next_seed(), **options)
        else:
            y = noisy_mean(inputs, **options)
        return ops.cast(y, self.compute_dtype)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "base": self.base,
            "kind": self.kind,
            "alpha": self.alpha,
            "c": self.c,
            "noise": noise_config(self.noise),
            "clip": self.clip,
            "monte_carlo": self.monte_carlo,
            "shared": self.shared,
            "units": self.units,
        }
