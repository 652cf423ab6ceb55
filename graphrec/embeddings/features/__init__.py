"""Catalogue -> item matrix and types."""

from graphrec.embeddings.features.item_features import ItemFeatures, fit_item_features
from graphrec.embeddings.features.types import NO_TYPE, TypeVocabulary

__all__ = ["NO_TYPE", "ItemFeatures", "TypeVocabulary", "fit_item_features"]
