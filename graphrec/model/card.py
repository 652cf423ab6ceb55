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
        *(["", "## Notes", "", *(f"- {note}" for note in report["notes"])] if report["notes"] else []),
        "",
    ]
    return "\n".join(lines)
