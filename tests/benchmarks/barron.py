"""How many RePU units a conversion needs, what it costs, and how loose its certificate is."""

import functools

import keras
import numpy as np
import tensorflow as tf

from keras_addmul.barron import convert_activation, to_table
from keras_addmul.barron.fitting.units import fit
from keras_addmul.barron.functions.smooth import SMOOTH
from keras_addmul.layers import NoisyActivation
from tests.benchmarks import timing

NAME = "barron"
TITLE = "converting activations to RePU units: ours beside what is known, measured, or was before"

TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-6)

# Units per neuron of the best splines known (free knots, constant in the bias), by activation
# and order, for [-R, R] and each tolerance. They come from the asymptotics of such splines,
# (C / tolerance)^(1/(s+1)) integral |f^(s+1)|^(1/(s+1)), corrected by fits, R = 1, 3, 10.
KNOWN = {
    ("tanh", 1): "5/13/39/409 9/25/85/887 11/29/105/919",
    ("tanh", 2): "3/5/10/41 7/11/25/100 8/15/26/124",
    ("tanh", 3): "3/5/9/21 7/10/15/43 7/13/19/53",
    ("sigmoid", 1): "1/5/13/123 5/13/45/385 7/21/61/711",
    ("sigmoid", 2): "2/3/5/19 3/6/11/50 5/11/21/96",
    ("sigmoid", 3): "3/3/5/11 3/7/9/21 7/11/17/46",
    ("softplus", 1): "3/8/25/241 6/18/57/569 9/25/79/790",
    ("softplus", 2): "2/2/4/18 4/8/12/60 6/12/22/104",
    ("softplus", 3): "3/3/4/9 4/4/8/22 6/11/16/44",
    ("sin", 1): "4/11/37/337 13/39/139/1295 43/141/441/4129",
    ("sin", 2): "3/5/10/39 7/12/24/121 21/40/88/407",
    ("sin", 3): "3/3/5/13 7/9/15/39 15/25/43/130",
    ("gaussian", 1): "5/15/53/468 11/33/116/1041 13/36/112/1174",
    ("gaussian", 2): "4/8/14/60 8/16/30/130 9/16/32/154",
    ("gaussian", 3): "4/6/9/25 9/12/20/56 10/14/22/62",
}


def run(seconds=3.0):
    """Rows of units, of certificates and of latency, each with its ratio."""
    return [*_units(), *_certificates(), *_noisy(), *_latencies(seconds), *_tables(seconds)]


def _row(what, case, ours, beside, ratio=None):
    ratio = ours / beside if ratio is None else ratio
    return {"what": what, "case": case, "ours": ours, "beside": beside, "ratio": round(ratio, 3)}


def _units():
    for (name, order), columns in KNOWN.items():
        for radius, counts in zip((1, 3, 10), columns.split(), strict=True):
            for tolerance, count in zip(TOLERANCES, map(int, counts.split("/")), strict=True):
                bank, _ = fit(SMOOTH[name], order, -radius, radius, tolerance, dtype="float64")
                case = f"{name}, order {order}, [-{radius}, {radius}], {tolerance:g}"
                yield _row("units beside the best known", case, bank.units, count)


def _network(activation, depth, width=16, inputs=8):
    keras.utils.set_random_seed(0)
    hidden = [keras.layers.Dense(width, activation) for _ in range(depth)]
    return keras.Sequential([keras.Input((inputs,)), *hidden, keras.layers.Dense(1)])


def _certificates():
    """The proved bound of the output beside the largest difference on 20 000 points."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (20_000, 8)).astype("float32")
    x[::2] = np.sign(x[::2])
    for activation in ("tanh", "softplus", "gelu"):
        for depth in (1, 2, 3):
            model = _network(activation, depth)
            converted, certificate = convert_activation(model, order=2, latency_rows=None)
            measured = float(np.max(np.abs(np.asarray(model(x)) - np.asarray(converted(x)))))
            case = f"{activation}, {depth} hidden layers of 16, tolerance 1e-3"
            yield _row("proved beside measured difference", case, certificate.bound, measured)


def _noisy():
    """The same for noisy activations of which each of 16 neurons has learned a `p` of its own."""
    x = np.random.default_rng(0).uniform(-3, 3, (20_000, 8)).astype("float32")
    learned = keras.initializers.RandomUniform(-6.0, 6.0, seed=0)
    for order, options in (
        (1, {}),
        (1, {"base": "tangent_sigmoid", "alpha": 0.9}),
        (2, {"base": "tanh"}),
        (1, {"kind": "NANIL", "c": 4.0}),
        (2, {"kind": "NANIL", "c": 4.0, "base": "tanh"}),
    ):
        keras.utils.set_random_seed(0)
        hidden = [keras.layers.Dense(16), NoisyActivation(p_initializer=learned, **options)]
        model = keras.Sequential([keras.Input((8,)), *hidden, keras.layers.Dense(1)])
        converted, certificate = convert_activation(
            model, order=order, domain=(-3, 3), latency_rows=None
        )
        measured = float(np.max(np.abs(np.asarray(model(x)) - np.asarray(converted(x)))))
        (one,) = certificate.layers
        what = f"{model.layers[1].kind} over {model.layers[1].base}"
        case = f"{what}, order {order}, {one.units} units for each of {one.banks} features"
        yield _row("proved beside measured difference", case, certificate.bound, measured)


def _tables(seconds):
    """A table beside the bank of which it was made, for 512 x 512 numbers."""
    x = tf.constant(np.random.default_rng(0).normal(0, 1.5, (512, 512)).astype("float32"))
    inputs = keras.Input((512,))
    model = keras.Model(inputs, keras.layers.Activation("tanh")(inputs))
    tolerances = ((2, 1e-3), (1, 1e-3), (2, 1e-4), (2, 1e-5), (2, 4e-6), (1, 1e-4), (1, 2e-5))
    for jit in (False, True):
        for order, tolerance in tolerances:
            bank, certificate = convert_activation(
                model, order=order, tolerance=tolerance, domain=(-5, 5), latency_rows=None
            )
            calls = {
                name: functools.partial(_finish, tf.function(one, jit_compile=jit), x)
                for name, one in {"bank": bank, "table": to_table(bank)}.items()
            }
            first, second = timing.compare(calls, seconds / 3)
            mode = "XLA" if jit else "graph"
            case = f"order {order}, {certificate.units_added} units, {mode}"
            ours, beside = second["median_ms"], first["median_ms"]
            yield _row("ms of a table beside its bank", case, ours, beside)


def _latencies(seconds):
    """A prediction of the converted model beside one of the original, batch 256."""
    x = tf.constant(np.random.default_rng(0).uniform(-1, 1, (256, 64)).astype("float32"))
    model = _network("tanh", 2, width=256, inputs=64)
    for jit in (False, True):
        candidates = {"original": model}
        for order in (1, 2, 3):
            converted, certificate = convert_activation(model, order=order, latency_rows=None)
            units = "+".join(str(one.units) for one in certificate.layers)
            candidates[f"order {order}, {units} units"] = converted
            candidates[f"order {order}, as a table"] = to_table(converted)
        spec = [tf.TensorSpec((None, 64), tf.float32)]
        calls = {
            name: functools.partial(
                _finish, tf.function(one, jit_compile=jit, input_signature=spec), x
            )
            for name, one in candidates.items()
        }
        timed = timing.compare(calls, seconds)
        for row in timed[1:]:
            case = f"2 tanh layers of 256, {row['name']}, {'XLA' if jit else 'graph'}"
            before = timed[0]["median_ms"]
            yield _row("ms beside the original", case, row["median_ms"], before, row["ratio"])


def _finish(function, x):
    return function(x).numpy()
