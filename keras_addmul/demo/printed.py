"""Prints the text of the demonstration."""

from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from keras_addmul.demo.networks import CONSTANT, Law
from keras_addmul.demo.results import Outcome
from keras_addmul.demo.splitting import Split
from keras_addmul.discover import Discovery
from keras_addmul.serving import Report

__all__ = ["closing", "comparison", "formula", "law", "opening", "served"]

DAY: float = 86400.0


def opening(console: Any, parts: Split) -> None:
    """Prints which bodies the models learn from."""
    train = parts.training
    short, long = train.period.argmin(), train.period.argmax()
    console.print("\n[bold]How long does an orbit take?[/bold]\n")
    console.print(
        f"{len(train)} bodies of the solar system as measured, from {train.names[short]} "
        f"({_time(train.period[short])}) to {train.names[long]} ({_time(train.period[long])}). "
        "The neuron gets the semi-major axis of an orbit and the mass in its center, and no law: "
        "it finds out whether to add or to multiply the two, and in what powers."
    )
    console.print(f"{len(parts.held_out)} more bodies are held out{_unseen(parts)}.\n")
    console.print(
        "Ctrl-C ends a training; the next step goes on with the weights until then.\n", style="dim"
    )


def _unseen(parts: Split) -> str:
    if not len(parts.unseen):
        return ""
    name, center = parts.unseen.names[0], parts.unseen.centers[0]
    return f", and the {name}, with the mass of the {center}, is kept for the end"


def law(console: Any, found: Law) -> None:
    """Prints the law that the neuron learned."""
    table = Table(title="What the neuron learned", title_justify="left")
    for column in ("", "learned", "Kepler's third law", "error"):
        table.add_column(column, justify="right" if column else "left")
    table.add_row("order: 0 adds, 1 multiplies", f"{found.order:.4f}", "1", "")
    rows = [
        ("exponent of the axis", found.axis_exponent, 1.5, "3/2", "{:.4f}"),
        ("exponent of the mass", found.mass_exponent, -0.5, "-1/2", "{:.4f}"),
        ("constant (SI)", found.constant, CONSTANT, f"2 pi/sqrt(G) = {CONSTANT:.0f}", "{:.0f}"),
    ]
    for name, learned, truth, text, form in rows:
        table.add_row(name, form.format(learned), text, f"{abs(learned / truth - 1):.2%}")
    console.print()
    console.print(table)
    if found.order > 0.99:
        console.print(
            f"  A product: period = {found.constant:.0f} * axis^{found.axis_exponent:.3f} "
            f"* mass^{found.mass_exponent:.3f}\n",
            style="bold",
        )
    else:
        console.print("  Not a product yet, so its weights are not exponents: train for longer.\n")


def comparison(console: Any, outcome: Outcome) -> None:
    """Prints the errors of each model on bodies that it was not trained on."""
    table = Table(title="Relative error on the held-out bodies", title_justify="left")
    table.add_column("model")
    unseen = outcome.parts.unseen
    for column in ["weights", "median", "worst"] + [f"the {name}" for name in unseen.names]:
        table.add_column(column, justify="right")
    for name, parameters in outcome.parameters.items():
        errors = outcome.errors(name, "held_out")
        cells = [str(parameters), f"{np.median(errors):.2%}", f"{errors.max():.2%}"]
        if len(unseen):
            cells.append(f"{outcome.errors(name, 'unseen')[0]:.2%}")
        table.add_row(name, *cells)
    console.print(table)
    steps = " and ".join(str(n) for n in dict.fromkeys(outcome.steps.values()))
    console.print(
        f"All were trained on the same rows, in {steps} steps. Both networks learn the logarithm "
        "of the period; the last one also gets the logarithms of its inputs.\n"
    )


def formula(console: Any, found: Discovery | None) -> None:
    """Prints the formula that `discover` finds in the same table."""
    if found is None:
        return
    law = found.formula
    console.print(
        f"[bold]discover[/bold] finds a formula in the same table in {found.seconds:.0f} s, with a "
        "the axis in m, M the mass in kg and T the period in s:\n"
        f"  [bold]{law.text}[/bold]   ({law.structure}; relative error {law.error:.2%} on "
        f"{len(found.held_out)} bodies that it did not learn from)\n"
        "  Kepler's third law: T^2 = 4 pi^2 a^3 / (G M)\n"
    )


def served(console: Any, checked: Report) -> None:
    """Prints how closely the exported model agrees with the trained one."""
    console.print(
        f"Exported. A fresh process, without Keras and without keras_addmul, answers the same: "
        f"{' and '.join(checked.endpoints)} agree to {checked.max_rel_error:.0e}."
    )


def closing(console: Any, outcome: Outcome, out: Path) -> None:
    """Prints the served model's prediction for the unseen body, and the paths of the files."""
    unseen = outcome.parts.unseen
    if outcome.served is not None:
        name, measured = unseen.names[0], unseen.period[0]
        distance = unseen.semi_major_axis[0] / 1e3
        console.print(
            f"\nAnother one is asked about the {name}, {distance:.0f} km from the "
            f"{unseen.centers[0]}:\n"
            f"  predicted [bold]{outcome.served / DAY:.2f} days[/bold], measured "
            f"{measured / DAY:.2f} days ({outcome.served / measured - 1:+.2%})\n"
            "  (the law leaves out the mass of the moving body and the pull of all others)"
        )
    console.print(
        f"\nPicture:    {out / 'kepler.png'}\nSavedModel: {out / 'served'}\n", soft_wrap=True
    )


def _time(seconds: float) -> str:
    days = seconds / DAY
    return f"{days / 365.25:.0f} years" if days > 1000 else f"{24 * days:.1f} hours"
