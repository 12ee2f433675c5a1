"""Renders a comparison as one self-contained HTML page."""

from keras_addmul.compare.findings import Findings
from keras_addmul.compare.judging.verdicts import BETTER, SAME
from keras_addmul.compare.report import comparison_plots, said
from keras_addmul.discover.report.html_parts import document, escaped, image, pairs_table, table

__all__ = ["page"]


def page(found: Findings) -> str:
    """Returns the report as the text of an HTML file."""
    title = f"{' or '.join(found.arms[1:])} against {found.arms[0]}"
    decided = all(v.verdict in (BETTER, SAME) for v in found.judgements) and found.judgements
    parts = [
        f"<h1>{escaped(title)}</h1>",
        f'<p class="verdict {"exact" if decided else "approximation"}">'
        f"{escaped(said.headline(found))}</p>",
    ]
    if len(found.judgements) > 1:
        lines = (f"<li>{escaped(said.sentence(found, v))}</li>" for v in found.judgements)
        parts.append(f"<ul>{''.join(lines)}</ul>")
    if found.judgements:
        parts += [
            table(said.VERDICTS_HEAD, said.verdict_rows(found), (2, 3, 4, 5)),
            "<h2>Paired differences</h2>",
            image(comparison_plots.draw_differences(found), "the difference of each seed"),
        ]
    parts += [
        "<h2>Learning curves</h2>",
        "<p>Median over seeds; the band holds the middle half of them.</p>",
        image(comparison_plots.draw_curves(found), "score and loss after each epoch"),
        "<h2>Cost and quality</h2>",
        table(said.ARMS_HEAD, said.arm_rows(found), range(1, len(said.ARMS_HEAD))),
        image(comparison_plots.draw_costs(found), "score against time and against parameters"),
        "<h2>How it was done</h2>",
        pairs_table(said.facts(found)),
        pairs_table(found.versions.items()),
        "<footer>Written by <code>keras_addmul.compare</code>.</footer>",
    ]
    return document(title, parts)
