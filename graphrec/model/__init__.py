"""What a fit leaves behind: the model, its directory and its card; and the fit itself."""

from graphrec.model.model import Model

__all__ = ["Model"]
