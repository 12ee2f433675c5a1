"""Weighted least-squares splines with given knots, for many weights in turn."""

import numpy as np

__all__ = ["LeastSquares"]


class LeastSquares:
    """Fits a spline to the same points again and again, with new weights at each call.

    Like `scipy.interpolate.make_lsq_spline` it solves the banded normal equations, but it
    caches all that does not depend on the weights, and takes a fraction of the time.

    Args:
        x: Points in ascending order, with some between any two knots.
        y: The values at these points.
        t: The knots, with those at the ends repeated `degree + 1` times.
        degree: Degree of the splines.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, t: np.ndarray, degree: int) -> None:
        from scipy.interpolate import BSpline

        self.y: np.ndarray = y
        self.degree: int = degree
        self._size = len(t) - degree - 1
        design = BSpline.design_matrix(x, t, degree)
        self._basis = design.data.reshape(len(x), degree + 1)
        self._columns = design.indices.reshape(len(x), degree + 1)
        # Between two knots the same basis functions are non-zero.
        self._starts = np.flatnonzero(np.diff(self._columns[:, 0], prepend=-1))
        self._first = self._columns[self._starts, 0]
        self._pairs = [(i, d) for d in range(degree + 1) for i in range(degree + 1 - d)]
        products = [self._basis[:, i] * self._basis[:, i + d] for i, d in self._pairs]
        self._terms = np.stack([*products, *(self._basis.T * y)])

    def __call__(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the coefficients, and the residual at each point."""
        from scipy.linalg.lapack import dpbsv

        sums = np.add.reduceat(weights * self._terms, self._starts, axis=1)
        banded, right = np.zeros((self.degree + 1, self._size)), np.zeros(self._size)
        for (i, d), each in zip(self._pairs, sums, strict=False):
            banded[d, self._first + i] += each
        for i, each in enumerate(sums[len(self._pairs) :]):
            right[self._first + i] += each
        _, coefficients, info = dpbsv(banded, right, lower=1)
        if info:
            raise np.linalg.LinAlgError("the knots are too near to each other for these points")
        fitted = np.einsum("ij,ij->i", self._basis, coefficients[self._columns])
        return coefficients, fitted - self.y
