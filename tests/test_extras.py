"""Optional libraries: what each extra installs, and the message if one is missing."""

import configparser
import sys
from pathlib import Path

import pytest

from keras_addmul.extras import EXTRAS, require_extra

SETUP = Path(__file__).parents[1] / "setup.cfg"
# The distributions whose module has another name.
MODULES = {
    "scikit-learn": "sklearn",
    "prometheus-client": "prometheus_client",
    "ai-edge-litert": "ai_edge_litert",
}


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_brings_the_modules_that_are_looked_for(extra):
    read = configparser.ConfigParser(interpolation=None)
    read.read(SETUP)
    listed = read["options.extras_require"][extra].split()
    assert [MODULES.get(name, name) for name in listed] == list(EXTRAS[extra])


@pytest.mark.parametrize(("extra", "module"), [(e, m) for e in EXTRAS for m in EXTRAS[e]])
def test_a_missing_library_is_named_with_the_line_that_installs_it(extra, module, monkeypatch):
    for other in EXTRAS[extra]:
        monkeypatch.setitem(sys.modules, other, sys)  # as if it were installed
    require_extra(extra)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError) as caught:
        require_extra(extra)
    assert str(caught.value) == (
        f"This needs {module}, which is not installed. Try: pip install 'keras_addmul[{extra}]'"
    )
    assert caught.value.name == module
    others = [m for m in EXTRAS[extra] if m != module]
    if others:
        require_extra(extra, *others)
