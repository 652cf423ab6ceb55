"""What others take away from a model: export files."""

from graphrec.serving.export import check_format, write_table

__all__ = ["check_format", "write_table"]
