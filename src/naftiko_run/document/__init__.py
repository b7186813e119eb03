"""Load YAML with source positions into the canonical model of a capability document."""

from naftiko_run.document.load import LoadedDocument, load_document, load_source, load_text, read_functions
from naftiko_run.document.model import Document

__all__ = ["Document", "LoadedDocument", "load_document", "load_source", "load_text", "read_functions"]
