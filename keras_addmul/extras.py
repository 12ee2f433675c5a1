"""Optional libraries, and the extras that install them."""

import importlib.util

__all__ = ["EXTRAS", "require_extra"]

# The modules that each extra of setup.cfg installs.
EXTRAS: dict[str, tuple[str, ...]] = {
    "barron": ("scipy",),
    "compare": ("scipy", "statsmodels", "pandas", "matplotlib", "rich", "tensorboard"),
    "discover": (
        *("sympy", "pandas", "matplotlib", "rich", "sklearn", "scipy"),
        *("pint", "openpyxl", "pyarrow"),
    ),
    "serve": ("starlette", "uvicorn", "orjson", "prometheus_client"),
    "kserve": ("kserve",),
    "convert": ("onnx", "onnxruntime", "tf2onnx", "ai_edge_litert", "openvino"),
}


def require_extra(name: str, *modules: str) -> None:
    """Raises an error with the install command if a library of an extra is missing.

    Call it first in a public function that imports the libraries later. It looks for the
    modules without importing them, so it is cheap.

    Args:
        name: Name of the extra, a key of `EXTRAS`.
        modules: The modules needed; by default all modules of the extra.

    Raises:
        ImportError: If one of the modules is not installed. The message gives the
            command that installs it.

    Example:

    >>> from keras_addmul.extras import require_extra
    >>> require_extra("discover", "sympy")  # installed: nothing happens
    """
    for module in modules or EXTRAS[name]:
        if importlib.util.find_spec(module) is None:
            raise ImportError(
                f"This needs {module}, which is not installed. "
                f"Try: pip install 'keras_addmul[{name}]'",
                name=module,
            )
