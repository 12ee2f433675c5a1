"""Derives `special/_kneser_tables.py` and `tests/data/kneser_series.csv`.

    python -m keras_addmul.special._precompute.fit_kneser

takes about a minute, checks the solution against the 99-digit values in
`tests/data/kneser_base_e.csv`, and prints the error of every polynomial.

What is fitted, with S = superlog, T = superexp, and t the affine image in
[-1, 1] of the variable in brackets:

    log_low     S(x) / x                on [bottom, 1.6]     [x]
    log_high    S(x)                    on [1.6, top]        [1 / (sqrt(x) + 0.7)]
    exp_low     T(v) / v                on [-0.4, 2]         [v]
    exp_high    T(v)                    on [2, S(top)]       [1 / (d - v)], from its left end
    slope_low   S'(T(v)) = 1 / T'(v)    on [S(bottom), 2]    [v]
    slope_high  the same                on [2, S(top)]       [v]
    ratio       T(w) / (w T'(w))        on [0, 0.62]         [w]

The variables are chosen so that few terms suffice: S grows like an iterated
logarithm, which is nearly linear in 1 / sqrt(x), and T so fast that it looks
like a pole just beyond the interval. Float64 takes logarithms twice instead of
once, because its largest number is out of reach of a short polynomial.
"""

import csv
import pathlib

import mpmath as mp

from keras_addmul.special._precompute.derive_kneser import Tetration

ROOT = pathlib.Path(__file__).parents[3]
TARGET = pathlib.Path(__file__).parents[1] / "_kneser_tables.py"
TRUTH = ROOT / "tests" / "data" / "kneser_base_e.csv"
SERIES = ROOT / "tests" / "data" / "kneser_series.csv"

BOTTOM, LOG_SPLIT, LOG_SHIFT = mp.mpf("-0.5"), mp.mpf("1.6"), mp.mpf("0.7")
LOW, EXP_SPLIT, RATIO_END = mp.mpf("-0.4"), mp.mpf(2), mp.mpf("0.62")

# dtype: (levels, top, d, degrees in the order of the list above)
PLANS = {
    "float32": (1, "88.8", "4.3", (13, 13, 15, 13, 9, 12, 5)),
    "float64": (2, "6.6", "3.9", (32, 21, 36, 18, 23, 15, 15)),
}


def chebyshev(f, low, high, degree):
    """Coefficients of the interpolant of f, lowest first, in powers of t on [-1, 1]."""
    size = degree + 24
    angles = [mp.pi * (j + mp.mpf(1) / 2) / size for j in range(size)]
    values = [f((low + high) / 2 + (high - low) / 2 * mp.cos(a)) for a in angles]
    power = [mp.mpf(0)] * (degree + 1)
    before, current = [mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]
    for k in range(degree + 1):
        weight = (1 if k == 0 else 2) / mp.mpf(size)
        c = weight * mp.fsum(v * mp.cos(k * a) for v, a in zip(values, angles, strict=True))
        for i, b in enumerate(before):
            power[i] += c * b
        later = [mp.mpf(0)] + [2 * b for b in current]
        for i, b in enumerate(before):
            later[i] -= b
        before, current = current, later
    return power


def from_left(power):
    """The same polynomial in powers of t + 1."""
    out = [mp.mpf(0)] * len(power)
    for k, c in enumerate(power):
        for i in range(k + 1):
            out[i] += c * mp.binomial(k, i) * mp.mpf(-1) ** (k - i)
    return out


class Fitter:
    """Fits one dtype's pieces and remembers their errors."""

    def __init__(self, tetration):
        self.tetration = tetration
        self.report = []

    def piece(self, name, f, interval, degree, variable=None, inverse=None, left=False):
        """Returns (scale, offset, coefficients): t = scale * variable + offset."""
        variable = variable or (lambda x: x)
        inverse = inverse or (lambda s: s)
        a, b = (variable(mp.mpf(end)) for end in interval)
        power = chebyshev(lambda s: f(inverse(s)), a, b, degree)
        scale, offset = 2 / (b - a), -(a + b) / (b - a)
        if left:
            power, offset = from_left(power), offset + 1
        worst = mp.mpf(0)
        for i in range(201):
            x = inverse(a + (b - a) * mp.mpf(i) / 200)
            t = scale * variable(x) + offset
            worst = max(worst, abs(mp.polyval(power[::-1], t) / f(x) - 1))
        self.report.append((name, degree, worst))
        return float(scale), float(offset), tuple(float(c) for c in power)

    def table(self, levels, top, d, degrees):
        """Returns all pieces of one dtype, with the numbers that say where they meet."""
        top, d = mp.mpf(top), mp.mpf(d)
        at_zero = self.slope(mp.mpf(0))
        end, v_bottom = self.superlog(top), self.superlog(BOTTOM)
        root = (lambda x: 1 / (mp.sqrt(x) + LOG_SHIFT), lambda s: (1 / s - LOG_SHIFT) ** 2)
        pole = (lambda v: 1 / (d - v), lambda s: d - 1 / s)

        def inverse_slope(v):
            return 1 / self.slope(v)

        def ratio(w):
            return self.superexp(w) / (w * self.slope(w)) if w else mp.mpf(1)

        pieces = {
            "log_low": (lambda x: self.superlog(x) / x if x else 1 / at_zero, BOTTOM, LOG_SPLIT),
            "log_high": (self.superlog, LOG_SPLIT, top, *root),
            "exp_low": (lambda v: self.superexp(v) / v if v else at_zero, LOW, EXP_SPLIT),
            "exp_high": (self.superexp, EXP_SPLIT, end, *pole, True),
            "slope_low": (inverse_slope, v_bottom, EXP_SPLIT),
            "slope_high": (inverse_slope, EXP_SPLIT, end),
            "ratio": (ratio, mp.mpf(0), RATIO_END),
        }
        table = {"levels": levels, "bottom": float(BOTTOM), "top": float(top)}
        table |= {"end": float(end), "pole": float(d)}
        for (name, (f, low, high, *how)), degree in zip(pieces.items(), degrees, strict=True):
            table[name] = self.piece(name, f, (low, high), degree, *how)
        return table

    def superlog(self, x):
        return self.tetration.slog(x) + 1

    def superexp(self, v):
        return self.tetration.sexp(v - 1)

    def slope(self, v):
        """T'(v)."""
        return self.tetration.sexp_slope(v - 1)


HEADER = '''"""Polynomials for Kneser's superlog and superexp, by `_precompute/fit_kneser.py`.

Each piece is (scale, offset, coefficients from the lowest); the script says what
it approximates, where, and in which variable.
"""

'''


def write_tables(tables):
    """Writes the module that `kneser.py` reads."""
    lines = [HEADER + "# fmt: off", "TABLES = {"]
    for dtype, table in tables.items():
        lines.append(f'    "{dtype}": {{')
        for name, value in table.items():
            if not isinstance(value, tuple):
                lines.append(f'        "{name}": {value!r},')
                continue
            scale, offset, coefficients = value
            lines.append(f'        "{name}": ({scale!r}, {offset!r}, (')
            for k in range(0, len(coefficients), 3):
                row = " ".join(f"{c!r}," for c in coefficients[k : k + 3])
                lines.append(f"            {row}")
            lines.append("        )),")
        lines.append("    },")
    lines.append("}")
    TARGET.write_text("\n".join(lines) + "\n")


def main():
    tetration = Tetration()
    print("residual of each Newton step:", *(mp.nstr(r, 2) for r in tetration.residuals))
    with TRUTH.open() as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    worst = max(
        abs(getattr(tetration, row["fn"])(mp.mpf(row["x"])) / mp.mpf(row["value"]) - 1)
        for row in rows
    )
    print(f"largest relative error at {len(rows)} points of 99 digits:", mp.nstr(worst, 2))
    if worst > mp.mpf(10) ** -29:
        raise SystemExit("the solution disagrees with the reference: nothing was written")

    with SERIES.open("w") as file:
        file.write("# Chebyshev coefficients of Kneser's tetration sexp(t / 2) on [-1, 1],\n")
        file.write("# written by keras_addmul/special/_precompute/fit_kneser.py\n")
        file.writelines(mp.nstr(c, 33) + "\n" for c in tetration.series)

    tables = {}
    for dtype, plan in PLANS.items():
        fitter = Fitter(tetration)
        tables[dtype] = fitter.table(*plan)
        for name, degree, error in fitter.report:
            print(f"{dtype} {name:10s} degree {degree:2d}, relative error {mp.nstr(error, 2)}")
    write_tables(tables)


if __name__ == "__main__":
    main()
