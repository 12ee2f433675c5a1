"""A saturating activation with noise where it saturates."""

import keras
import numpy as np
from keras import ops

from keras_addmul.activations.distributions import get_noise, noise_config
from keras_addmul.activations.expectation import noisy_mean
from keras_addmul.activations.noise import next_seed
from keras_addmul.activations.noisy_family import LEARNED, get_kind, noisy_sample
from keras_addmul.activations.saturating import get_base
from keras_addmul.layers.checks import (
    check_float_input,
    check_number,
    check_positive_integer,
    known_features,
)

__all__ = ["NoisyActivation"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class NoisyActivation(keras.layers.Layer):
    """Adds noise to a saturating activation where it saturates, in training only.

    `y = alpha h(x) + (1 - alpha) u(x) + d(x) s(x) noise`, with h the activation, u
    its tangent at zero and `s = c (sigmoid(p (h - u)) - 1/2)^2`: the noise grows with
    how far a unit is in saturation, and its scale has a slope that leads out again,
    where h has none. At inference the layer returns the exact mean over the noise.

    It stands alone, or as `activation=` of any layer of Keras, recurrent ones
    included; hand a layer an object of its own.

    Args:
        base: The activation: `"hard_tanh"`, `"tangent_sigmoid"` (slope 1/4),
            `"tanh"` or `"sigmoid"`.
        kind: `"NAN"` or `"NAH"`, normal or half-normal noise on the output; `"NANI"`,
            noise of fixed scale c on the input, `"NANIL"`, of learned scale s, or
            `"NANIS"`, of scale c where the input is beyond the threshold of h.
        alpha: Number; `1 - alpha` is what leaks of the tangent. None: 1.15 for the
            tanh and 1.1 for the sigmoid. Noise on the input leaves it unused.
        c: Number from 0 on, where the scale of the noise starts; `NoiseAnnealing`
            changes it. None: 0.5 for the tanh and 0.15 for the sigmoid, 0.05 for
            `NANI`, 0.25 for `NANIS`.
        noise: What the noise follows: `"normal"`, `"half_normal"`, or a distribution of
            tensorflow_probability. None: as the kind says.
        clip: Whether noisy outputs are kept between the limits of h, as a gate's.
        monte_carlo: Whether there is noise at inference too.
        shared: Whether all features share one p.
        units: Number of features, where it is known before the first call: then the
            weights are there from the start.
        p_initializer: Where p starts; the default is uniform on [-1, 1].
        p_regularizer: Penalty on p, or None.
        p_constraint: Projection of p after each step, or None.
        seed: Integer for the noise, or None.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Weights:
        `p` of shape `(features,)`, or `()` where it is shared, for the kinds that
        learn their scale; `scale`, the present c, which is not trained.

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
        base="hard_tanh",
        kind="NAH",
        alpha=None,
        c=None,
        noise=None,
        clip=False,
        monte_carlo=False,
        shared=False,
        units=None,
        p_initializer="default",
        p_regularizer=None,
        p_constraint=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        base = get_base(base)
        tanh = base.low < 0.0
        self.base, self.kind = base.name, get_kind(kind)
        alpha = (1.15 if tanh else 1.1) if alpha is None else alpha
        self.alpha = check_number("alpha", alpha, -np.inf)
        if c is None:
            c = {"NANI": 0.05, "NANIS": 0.25}.get(kind, 0.5 if tanh else 0.15)
        self.c = check_number("c", c, 0.0, strict=False)
        if noise is None:
            noise = "half_normal" if kind == "NAH" else "normal"
        self.noise = get_noise(noise)
        self.clip, self.monte_carlo, self.shared = bool(clip), bool(monte_carlo), bool(shared)
        self.units = check_positive_integer("units", units, optional=True)
        if p_initializer == "default":
            p_initializer = keras.initializers.RandomUniform(-1.0, 1.0)
        self.p_initializer = keras.initializers.get(p_initializer)
        self.p_regularizer = keras.regularizers.get(p_regularizer)
        self.p_constraint = keras.constraints.get(p_constraint)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True
        if self.units is not None:
            self.build((None, self.units))

    def build(self, input_shape):
        features = known_features(self, input_shape, self.units)
        self.p = None
        if self.kind in LEARNED:
            self.p = self.add_weight(
                name="p",
                shape=() if self.shared else (features,),
                initializer=self.p_initializer,
                regularizer=self.p_regularizer,
                constraint=self.p_constraint,
                autocast=False,
            )
        self.scale = self.add_weight(
            name="scale",
            shape=(),
            initializer=keras.initializers.Constant(self.c),
            trainable=False,
            autocast=False,
        )
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs, training=False):
        check_float_input(self, inputs)
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
            y = noisy_sample(inputs, next_seed(self.seed_generator), **options)
        else:
            y = noisy_mean(inputs, **options)
        return ops.cast(y, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def save_own_variables(self, store):
        super().save_own_variables(store)
        # So that a training that is resumed goes on with the noise it would have had.
        store["noise"] = ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store):
        weights = set(store.keys()) - {"noise"}
        super().load_own_variables({key: store[key] for key in weights})
        self.seed_generator.state.assign(store["noise"])

    def get_config(self):
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
            "p_initializer": keras.initializers.serialize(self.p_initializer),
            "p_regularizer": keras.regularizers.serialize(self.p_regularizer),
            "p_constraint": keras.constraints.serialize(self.p_constraint),
            "seed": self.seed,
        }
