"""A table of new products -> how its columns are read."""

from __future__ import annotations

from pathlib import Path

from graphrec.config import CatalogueConfig
from graphrec.errors import EventsError
from graphrec.events.files import column_names
from graphrec.events.tables import CATALOGUE_COLUMNS
from graphrec.recommender import Recommender


def products_config(recommender: Recommender, products: Path) -> CatalogueConfig:
    """Map the columns of a product table: by the model's own catalogue mapping, else by graphrec's words."""
    table = CatalogueConfig(path=str(products))
    names = column_names(table)
    known: dict[str, str | list[str]] = {word: word for word in CATALOGUE_COLUMNS if word in names}
    config = recommender.model.config
    for mapping in (config.events.columns, config.catalogue.columns):
        for word, columns in mapping.items():
            parts = [columns] if isinstance(columns, str) else columns
            if word in CATALOGUE_COLUMNS and word not in known and all(part in names for part in parts):
                known[word] = columns
    if "item" not in known:
        raise EventsError(
            f"{products} has no column for the item's id (columns: {', '.join(names)}); name it 'item' or as in the "
            "log the model was fitted on"
        )
    return table.model_copy(update={"columns": known})
