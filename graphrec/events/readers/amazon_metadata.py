"""Product metadata of the Amazon data of 2014: asin, categories as an unordered list, brand, title.

McAuley et al., "Image-based Recommendations on Styles and Substitutes", 2015.
"""

from __future__ import annotations

import ibis
from ibis import _

from graphrec.config import CatalogueConfig
from graphrec.errors import EventsError
from graphrec.events.files import RawTable
from graphrec.events.words import FILTERED, Words, apply_keep_rules, as_text, passed_on

_SMALLEST_TYPE = 20
"""Products that must share a category for it to be a type: of rarer ones nothing can be learned."""


def catalogue_words(raw: RawTable, config: CatalogueConfig) -> Words:
    """Put the categories of a product in order: those that more products share are nearer to the root.

    The path is all of them from the root on; the type is the deepest that at least `_SMALLEST_TYPE` products share.
    """
    missing = [name for name in ("asin", "categories") if name not in raw.columns]
    if missing or not raw.table["categories"].type().is_array():
        raise EventsError(
            f"{raw.name} lacks a column asin or a column categories that holds lists "
            f"(it has {', '.join(raw.columns)}); use reader: columns"
        )
    kept = apply_keep_rules(raw, config, "catalogue")
    products = kept.filter(kept[FILTERED].isnull())
    facts = {name: as_text(products[name]) for name in ("brand", "title") if name in raw.columns}
    price = {"price": products.price} if "price" in raw.columns else {}
    listed = products.select(item=as_text(products.asin), name=products.categories.unnest()).distinct()
    shared = listed.mutate(products=_["item"].count().over(ibis.window(group_by="name")))
    large = _.products >= _SMALLEST_TYPE
    deepest = ibis.window(group_by="item", order_by=[ibis.ifelse(large, _.products, ibis.null("int64")), _["name"]])
    ordered = (
        shared.mutate(place=ibis.row_number().over(deepest))
        .group_by("item")
        .agg(
            category_path=_["name"].group_concat(" / ", order_by=[ibis.desc("products"), "name"]),
            type=_["name"].max(where=(_.place == 0) & large),
        )
    )
    plain = products.select(item=as_text(products.asin), **facts, **price, **passed_on(products))
    words = plain.left_join(ordered, "item").drop("item_right")
    return Words(words, {word: word for word in words.columns})
