"""The model card: what a model was trained on and what was measured while it was fitted, in Markdown."""

from __future__ import annotations

from graphrec.model.model import Model


def model_card(model: Model) -> str:
    """Write the card of a model."""
    report = model.report
    rows, recall = report["rows"], report["annoy_recall_at_10"]
    lines = [
        "# graphrec model",
        "",
        "## Trained on",
        "",
        f"- rows read {rows['read']:,}, used {rows['used']:,}",
        *(f"- rejected {count:,}: {reason}" for reason, count in rows["rejected"].items()),
        *(f"- filtered {count:,}: {reason}" for reason, count in rows["filtered"].items()),
        "- events: " + ", ".join(f"{kind} {count:,}" for kind, count in report["events"].items()),
        f"- items {report['items']:,} ({report['cold_items']:,} cold) of {report['types']:,} types",
        f"- sessions {report['sessions']:,}, baskets {report['baskets']:,}",
        f"- similar links {report['similar_links']:,}, from {' and '.join(report['similar_sources']) or 'nowhere'}",
        f"- complement links {report['complement_links']:,}; "
        f"{report['substitutes_removed']:,} pairs taken out as substitutes",
        f"- data fingerprint `{model.fingerprint[:16]}`, seed {model.config.seed}",
        "",
        "## Measured while fitting",
        "",
        "Losses are mean negative log-likelihoods on the latest baskets and links, which were not trained on.",
        "",
        "| stage | epochs | kept | first held-out loss | kept held-out loss |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {len(curve['validation'])} | {curve['best_epoch']} | {curve['validation'][0]:.4f} "
            f"| {curve['validation'][curve['best_epoch'] - 1]:.4f} |"
            for name, curve in report["stages"].items()
        ),
        "",
        f"- Annoy recall@10 against exact search: similar {recall['similar']:.3f}, complements "
        + ("all types are searched exactly" if recall["complements"] is None else f"{recall['complements']:.3f}")
        + ", expected by the counts "
        + ("searched exactly" if recall["expected"] is None else f"{recall['expected']:.3f}"),
        "",
        "## Lists",
        "",
        *(f"- {fact}" for fact in _of_lists(model)),
        *(["", "## Notes", "", *(f"- {note}" for note in report["notes"])] if report["notes"] else []),
        "",
    ]
    return "\n".join(lines)


def _of_lists(model: Model) -> list[str]:
    """Say what scores the lists, how far its probabilities are off, and what is taken off for anyone."""
    ranker = model.report["ranker"]
    facts = [f"scored by the {'ranker' if ranker['served'] else 'posterior of counts and networks'}"]
    if "calibration_error" in ranker:
        whose = "" if ranker["served"] else ", which did not surely beat the posterior and the counts and is not served"
        facts.append(
            f"the ranker{whose}, on {ranker['lists']:,.0f} lists of the last fold: probabilities are off by "
            f"{ranker['calibration_error']:.1%} of themselves (expected calibration error), at temperature "
            f"{ranker['temperature']:.2f}"
        )
    else:
        facts.append("too little was bought together of late for a ranker to learn from")
    chosen = model.chosen_specificity
    origin = "chosen on the last fold" if "calibration_error" in ranker else "the default: nothing to choose by"
    asked = model.config.lists.specificity
    told = f"specificity {chosen:g}, {origin}" if asked is None else f"specificity {asked:g}, as configured"
    return [*facts, told]
