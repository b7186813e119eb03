"""``protobuf``: messages of a ``.proto`` file, which is compiled when the document is loaded."""

from __future__ import annotations

import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from naftiko_run.consume.formats.format import FormatSettings, missing_extra, schema_file
from naftiko_run.consume.formats.json import shortest_float32, to_json_value

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet
    from google.protobuf.message import Message

_COMPILER: Final = "grpc_tools"
_COMPILER_TIMEOUT: Final = 60


class ProtobufFormat:
    """Protocol Buffers: the first message of the file, or the one named after ``#``.

    Fields have the names in the file, and enum values their names; fields without presence are always included, other
    fields if they are set.
    """

    accept: ClassVar[str] = "application/x-protobuf, application/protobuf;q=0.9, */*;q=0.5"
    unmapped: ClassVar[Literal["data"]] = "data"

    def __init__(self, settings: FormatSettings) -> None:
        location, _, name = settings.output_schema.partition("#")
        file = schema_file(settings, location)
        try:
            from google.protobuf import descriptor_pool, message_factory
        except ImportError as fault:
            raise missing_extra("protobuf", fault) from None
        compiled = _compile(file, settings.folder)
        pool = descriptor_pool.DescriptorPool()
        for each in compiled.file:
            pool.AddSerializedFile(each.SerializeToString())
        wanted = compiled.file[-1]  # imported files come before it
        names = [f"{wanted.package}.{each.name}".lstrip(".") for each in wanted.message_type]
        found = name or next(iter(names), "")
        try:
            self._message = message_factory.GetMessageClass(pool.FindMessageTypeByName(found))
        except KeyError:
            available = f"messages: {', '.join(names)}" if names else "it defines no messages"
            raise ValueError(f"the schema `{file}` has no message `{found}` ({available})") from None

    def decode(self, content: bytes, media_type: str) -> Any:  # noqa: ARG002 - the schema is sufficient
        """Decode a response; see ``Format.decode``."""
        from google.protobuf.message import DecodeError

        message = self._message()
        try:
            message.ParseFromString(content)
        except DecodeError:
            raise ValueError("its bytes do not match the schema") from None
        if not message.IsInitialized():
            raise ValueError("a field that the schema requires is missing")
        return to_json_value(_value_of(message))


def _compile(file: Path, folder: Path) -> FileDescriptorSet:
    """Compile a file and its imports, which are found in its own folder or that of the document."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    if find_spec(_COMPILER) is None:
        raise missing_extra("protobuf", ModuleNotFoundError(name=_COMPILER))
    with TemporaryDirectory() as directory:
        output = Path(directory, "descriptors")
        command = [
            *(sys.executable, "-P", "-W", "ignore", "-m", f"{_COMPILER}.protoc", "--include_imports"),
            *(f"--descriptor_set_out={output}", f"--proto_path={file.parent}", f"--proto_path={folder}"),
            file.name,
        ]
        try:
            ended = subprocess.run(  # noqa: S603 - our own interpreter, and a file that the document names
                command, capture_output=True, errors="replace", timeout=_COMPILER_TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            raise ValueError(
                f"the schema cannot be compiled: the compiler did not finish within {_COMPILER_TIMEOUT} seconds"
            ) from None
        except OSError as fault:
            raise _not_started(fault.strerror or str(fault)) from None
        if ended.returncode:
            raise _compiler_error(ended.returncode, ended.stderr.strip().splitlines())
        return FileDescriptorSet.FromString(output.read_bytes())


def _compiler_error(code: int, lines: list[str]) -> ValueError:
    """Return the error for a compiler that exited with a code and wrote lines to stderr."""
    if code < 0:
        return _not_started(f"it was terminated by {signal.Signals(-code).name}")
    if not lines:
        return _not_started(f"it exited with code {code} and no output")
    if lines[0].startswith("Traceback ") or f"No module named {_COMPILER}" in lines[-1]:
        return _not_started(lines[-1])
    return ValueError(f"the schema cannot be compiled: {lines[0]}")


def _not_started(reason: str) -> ValueError:
    return ValueError(
        f"the compiler of `.proto` files (grpcio-tools) cannot start: {reason}; "
        'pip install --force-reinstall "naftiko-run[protobuf]"'
    )


def _value_of(message: Message) -> Any:
    if message.DESCRIPTOR.file.package == "google.protobuf":
        return _well_known(message)
    return {
        field.name: _field(field, getattr(message, field.name))
        for field in message.DESCRIPTOR.fields
        if field.is_repeated or not field.has_presence or message.HasField(field.name)
    }


def _well_known(message: Message) -> Any:
    """Return a well-known type in its JSON form: a timestamp as text, a wrapper as its value."""
    from google.protobuf.json_format import MessageToDict, SerializeToJsonError

    pool: Any = message.DESCRIPTOR.file.pool
    try:
        return MessageToDict(message, descriptor_pool=pool)
    except (SerializeToJsonError, TypeError):  # the latter for an Any of a type that the file does not define
        raise ValueError(f"its {message.DESCRIPTOR.name} cannot be decoded") from None


def _field(field: Any, value: Any) -> Any:
    kind = field.message_type
    if not field.is_repeated:
        return _one(field, value)
    if kind is not None and kind.GetOptions().map_entry:
        of = kind.fields_by_name["value"]
        return {_key(key): _one(of, value[key]) for key in value}
    return [_one(field, each) for each in value]


def _one(field: Any, value: Any) -> Any:
    if field.message_type is not None:
        return _value_of(value)
    if field.enum_type is not None:
        named = field.enum_type.values_by_number.get(value)
        return value if named is None else named.name
    return shortest_float32(value) if field.type == field.TYPE_FLOAT else value


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)
