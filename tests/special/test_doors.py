"""Public functions check and convert each tensor once, and look the solution up once."""

import importlib
import inspect
import pkgutil

import keras
import numpy as np
import pytest

from keras_addmul import layers, special
from keras_addmul.special import dtypes, solutions

X = np.array([[0.5, -2.0], [3.0, 0.7]], "float32")
KERNEL = np.array([[1.0, -0.5], [0.3, 1.0]], "float32")
N = np.array([0.2, 0.9], "float32")
THREE = np.ones(3, "float32")

# The tensors of each function.
TENSORS = {
    "addmul": {"x": X, "y": X, "n": 0.5},
    "addmul_matmul": {"x": X, "kernel": KERNEL, "n": N, "parity": KERNEL},
    "addmul_reduce": {"x": X, "n": 0.5},
    "addmul_select": {"x": X, "kernel": KERNEL, "n": N},
    "bilinear": {"x": X, "kernel": KERNEL, "gate_kernel": KERNEL, "bias": N, "gate_bias": N},
    "exp_iterate": {"x": X, "n": N},
    "free_matmul": {
        "x": X,
        "kernel": KERNEL,
        "bias": N,
        "n_in": N,
        "n_out": N,
        "parity": KERNEL,
    },
    "guarded": {"weights": KERNEL},
    "identity": {"n": N},
    "inalu": {"x": X, "add_kernel": KERNEL, "multiply_kernel": KERNEL, "gate": N},
    "inverse": {"x": X, "n": N},
    "nac_weights": {"w_hat": KERNEL, "m_hat": KERNEL},
    "nalu": {"x": X, "kernel": KERNEL, "gate": KERNEL},
    "nmru": {"x": X, "kernel": np.concatenate([KERNEL, KERNEL])},
    "nmu": {"x": X, "kernel": KERNEL, "noise": X},
    "npu": {"x": X, "kernel": KERNEL, "gate": N, "imaginary": KERNEL},
    "parity_of": {"kernel": KERNEL},
    "product_of_powers": {"x": X, "kernel": KERNEL, "parity": KERNEL},
    "product_unit": {"x": X, "kernel": KERNEL},
    "signed_exp_iterate": {"x": X, "n": N},
    "soft_exponential": {"x": X, "alpha": N},
    "superexp": {"y": X},
    "superlog": {"x": X},
}
FUNCTIONS = [name for name in special.__all__ if inspect.isfunction(getattr(special, name))]
OPTIONS = ("solution", "path", "epsilon", "limit")
# What takes no tensors.
PLAIN = {"output_bound"}
# What takes complex tensors and pairs: `test_complex.py` asks these.
COMPLEX = {"complex_exp_iterate", "complex_superexp", "complex_superlog"}
COMPLEX |= {"schroeder", "schroeder_inverse"}
# What takes integers beside its tensors: `test_segments.py` asks it.
OF_SEGMENTS = {"addmul_segment"}


@pytest.fixture
def counts(monkeypatch):
    """How many arguments were checked and solutions looked up."""
    counted = {"checks": 0, "solutions": 0}

    def counting(key, function):
        def counter(*arguments):
            counted[key] += 1
            return function(*arguments)

        return counter

    monkeypatch.setattr(dtypes, "_checked", counting("checks", dtypes._checked))
    look_up = counting("solutions", solutions.get_solution)
    for found in pkgutil.iter_modules(special.__path__, "keras_addmul.special."):
        module = importlib.import_module(found.name)
        if hasattr(module, "get_solution"):
            monkeypatch.setattr(module, "get_solution", look_up)
    return counted


def test_every_function_is_asked():
    assert set(TENSORS) | PLAIN | COMPLEX | OF_SEGMENTS == set(FUNCTIONS)


@pytest.mark.parametrize("name", TENSORS)
def test_each_tensor_is_checked_once_and_the_solution_looked_up_once(name, counts):
    function = getattr(special, name)
    function(**TENSORS[name])
    assert counts["checks"] == len(TENSORS[name])
    named = {"solution", "path"} & set(inspect.signature(function).parameters)
    assert counts["solutions"] == len(named)


@pytest.mark.parametrize("nodes", [None, 6])
def test_so_it_is_whether_iterates_are_approximated_or_not(nodes, counts):
    seven = np.linspace(0.0, 1.0, 7, dtype="float32")
    special.addmul_matmul(X, np.ones((2, 7), "float32"), seven, nodes=nodes)
    assert counts == {"checks": 3, "solutions": 1}


@pytest.mark.parametrize("coupling", ["tied", "free"])
def test_a_layer_s_call_checks_each_of_its_tensors_and_guards_each_weight(counts, coupling):
    for layer in (layers.AddMulSelect(2), layers.AddMulDense(2, coupling=coupling)):
        layer.build((None, 2))
        counts.update(checks=0, solutions=0)
        layer(X)
        weights = len(layer.trainable_variables)
        # Each weight is checked when it is guarded and when it is used; the inputs once.
        # Where there is no bias, 0 stands for it.
        assert counts["checks"] <= 2 * weights + 2
        assert counts["solutions"] == 1


@pytest.mark.parametrize("name", TENSORS)
def test_the_arguments_stand_in_one_order(name):
    """Tensors first, what a function needs besides, then solution or path, epsilon and limit."""
    parameters = list(inspect.signature(getattr(special, name)).parameters)
    assert parameters[: len(TENSORS[name])] == list(TENSORS[name])
    options = [p for p in parameters if p in OPTIONS]
    assert options == [p for p in OPTIONS if p in options]
    if options and "omega" not in parameters:
        assert parameters[-len(options) :] == options


@pytest.mark.parametrize("name", TENSORS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_result_has_the_dtype_of_the_tensors(name, dtype):
    numpy_dtype = keras.ops.convert_to_tensor(0.0, dtype).numpy().dtype
    tensors = {key: np.asarray(value).astype(numpy_dtype) for key, value in TENSORS[name].items()}
    assert dtypes.dtype_of(getattr(special, name)(**tensors)) == dtype


@pytest.mark.parametrize("name", TENSORS)
def test_what_holds_no_numbers_is_refused_by_its_name(name):
    for key in TENSORS[name]:
        with pytest.raises(TypeError, match=f"`{key}` must hold real numbers. Received"):
            getattr(special, name)(**{**TENSORS[name], key: "abc"})


def test_a_message_shows_no_more_than_a_few_numbers():
    ragged = [[1.0] * 500, [1.0] * 3]
    with pytest.raises(TypeError, match="`x` must hold real numbers") as caught:
        special.superlog(ragged)
    assert len(str(caught.value)) < 200


BAD = {
    "addmul_matmul": {"kernel": KERNEL[:1], "parity": KERNEL[:1]},
    "addmul_select": {"kernel": KERNEL[:1], "n": THREE},
    "bilinear": {"kernel": KERNEL[:1], "gate_kernel": KERNEL[:1]},
    "free_matmul": {
        "kernel": KERNEL[:1],
        "n_in": THREE,
        "n_out": THREE,
        "bias": THREE,
        "parity": KERNEL[:1],
    },
    "inalu": {"add_kernel": KERNEL[:1], "multiply_kernel": KERNEL[:1], "gate": THREE},
    "nalu": {"kernel": KERNEL[:1], "gate": KERNEL[:1]},
    "nmru": {"kernel": KERNEL},
    "nmu": {"kernel": KERNEL[:1]},
    "npu": {"kernel": KERNEL[:1], "gate": THREE, "imaginary": KERNEL[:1]},
    "product_of_powers": {"kernel": KERNEL[:1], "parity": KERNEL[:1]},
    "product_unit": {"kernel": KERNEL[:1]},
}


@pytest.mark.parametrize(("name", "key"), [(name, key) for name in BAD for key in BAD[name]])
def test_a_shape_that_does_not_fit_is_refused_by_its_name(name, key):
    message = f"Argument `{key}` must .*shape .*Received: .*{key} of shape"
    with pytest.raises(ValueError, match=message):
        getattr(special, name)(**{**TENSORS[name], key: BAD[name][key]})


def test_every_kernel_is_asked_for_its_shape():
    kernels = {name for name, tensors in TENSORS.items() if any("kernel" in key for key in tensors)}
    kernels -= {"parity_of"}  # takes any shape
    assert kernels == set(BAD)


def test_the_public_surface_is_what_all_says():
    assert dir(special) == sorted(special.__all__)
    assert all(hasattr(special, name) for name in special.__all__)
