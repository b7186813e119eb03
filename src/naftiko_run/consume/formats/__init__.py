"""Response formats, one module each, looked up in the entry-point group ``naftiko_run.formats``."""

from naftiko_run.consume.formats.format import Format, FormatSettings, compile_format
from naftiko_run.consume.formats.json import JsonFormat
from naftiko_run.consume.formats.markdown import MarkdownFormat
from naftiko_run.consume.formats.text import decode_text, encoding_of, repaired_text, to_utf8

__all__ = [
    "Format",
    "FormatSettings",
    "JsonFormat",
    "MarkdownFormat",
    "compile_format",
    "decode_text",
    "encoding_of",
    "repaired_text",
    "to_utf8",
]
