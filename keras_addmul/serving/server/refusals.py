"""The answer to a request that cannot be met: a status, and a sentence that says why."""

__all__ = ["Refusal"]


class Refusal(Exception):
    """Raised for a request that cannot be met.

    Args:
        status: Status of the answer, as HTTP defines it.
        message: What was expected, and what was received.
        **headers: Headers of the answer, with underscores for hyphens.
    """

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status: int = status
        self.message: str = message
        self.headers: dict[str, str] = {
            name.replace("_", "-"): value for name, value in headers.items()
        }
