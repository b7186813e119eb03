"""The telemetry of a process, from the standard variables of OpenTelemetry and from the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from naftiko_run.errors import ConfigurationError
from naftiko_run.telemetry.logs import AccessLog
from naftiko_run.telemetry.metrics import Metrics
from naftiko_run.telemetry.otlp import OtlpExporter, Protocol
from naftiko_run.telemetry.sampling import Sampler
from naftiko_run.telemetry.telemetry import Telemetry
from naftiko_run.telemetry.trace_buffer import DEFAULT_SIZE, TraceBuffer

_GRPC_PORT: Final = 4317
_PROTOCOLS: Final[Mapping[str, Protocol]] = {"http/protobuf": "http/protobuf", "grpc": "grpc"}
_SAMPLERS: Final = {
    "always_on": (1.0, False),
    "always_off": (0.0, False),
    "traceidratio": (None, False),
    "parentbased_always_on": (1.0, True),
    "parentbased_always_off": (0.0, True),
    "parentbased_traceidratio": (None, True),
}
"""The ratio of each sampler, None for that of the argument, and whether the caller's decision takes precedence."""


def build_telemetry(
    environment: Mapping[str, str],
    observability: Iterable[Any] = (),
    *,
    is_access_logged: bool = False,
    has_control: bool = False,
    is_needed: bool = False,
) -> Telemetry:
    """Return what records requests.

    Args:
        environment: The variables of the process; they take precedence over the document.
        observability: The ``observability`` blocks of the documents, as written; the first with a setting is used.
        is_access_logged: Whether each request is logged.
        has_control: Whether a control adapter shows the metrics and the last traces.
        is_needed: See ``Telemetry``.

    Raises:
        ConfigurationError: A variable is invalid, or the extra ``otel`` is needed and not installed.
    """
    blocks = [each for each in observability if isinstance(each, Mapping)]
    is_enabled = not any(each.get("enabled") is False for each in blocks)
    telemetry = Telemetry(is_needed=is_needed, propagates=_propagates(environment))
    telemetry.sampler = _sampler(environment, _setting(blocks, "traces", "sampling"))
    if has_control and is_enabled:
        if _setting(blocks, "metrics", "local", "enabled") is not False:
            telemetry.metrics = Metrics()
        if _setting(blocks, "traces", "local", "enabled") is not False:
            size = _setting(blocks, "traces", "local", "buffer-size")
            telemetry.traces = TraceBuffer(size if isinstance(size, int) and size > 0 else DEFAULT_SIZE)
    if is_access_logged:
        telemetry.sinks.append(AccessLog())
    endpoint = _setting(blocks, "exporters", "otlp", "endpoint") if is_enabled else None
    exporter = _exporter(environment, str(endpoint or ""))
    if exporter is not None:
        telemetry.sinks.append(exporter)
        if telemetry.metrics is not None:
            telemetry.metrics.dropped_traces = lambda: exporter.dropped
    return telemetry


def _setting(blocks: Iterable[Mapping[str, Any]], *path: str) -> Any:
    """Return a setting of the first block that has it; None if none has."""
    for block in blocks:
        value: Any = block
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            return value
    return None


def _exporter(environment: Mapping[str, str], endpoint: str) -> OtlpExporter | None:
    """Return the exporter of traces; None if nothing configures one."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    names = [each.strip() for each in environment.get("OTEL_TRACES_EXPORTER", "").split(",") if each.strip()]
    unknown = [each for each in names if each not in ("otlp", "none")]
    if unknown:
        raise ConfigurationError(
            f"OTEL_TRACES_EXPORTER: `{unknown[0]}` is not supported", hint="write otlp or none"
        )
    if "none" in names:
        return None
    configured = environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or environment.get(
        "OTEL_EXPORTER_OTLP_ENDPOINT"
    )
    if not (configured or endpoint or "otlp" in names):
        return None
    if not configured and "{{" in endpoint:
        raise ConfigurationError(
            f"the endpoint `{endpoint}` of `observability` is a template, which is not supported",
            hint="set OTEL_EXPORTER_OTLP_ENDPOINT",
        )
    used = configured or endpoint
    try:
        is_url = not used or urlsplit(used).scheme in ("http", "https")
        port = urlsplit(used).port
    except ValueError:
        is_url, port = False, None
    if not is_url:
        raise ConfigurationError(
            "the OTLP endpoint is not an http or https URL", hint="write a URL such as http://localhost:4318"
        )
    return OtlpExporter(_protocol(environment, port), "" if configured else endpoint)


def _protocol(environment: Mapping[str, str], port: int | None) -> Protocol:
    name = environment.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or environment.get(
        "OTEL_EXPORTER_OTLP_PROTOCOL"
    )
    if not name:
        return "grpc" if port == _GRPC_PORT else "http/protobuf"
    if name not in _PROTOCOLS:
        raise ConfigurationError(
            f"OTEL_EXPORTER_OTLP_PROTOCOL: `{name}` is not supported", hint="write http/protobuf or grpc"
        )
    return _PROTOCOLS[name]


def _sampler(environment: Mapping[str, str], sampling: Any) -> Sampler:
    name = environment.get("OTEL_TRACES_SAMPLER", "").strip()
    if not name:
        is_share = isinstance(sampling, int | float) and 0 <= sampling <= 1
        return Sampler(float(sampling)) if is_share else Sampler()
    if name not in _SAMPLERS:
        raise ConfigurationError(
            f"OTEL_TRACES_SAMPLER: `{name}` is not a sampler", hint=f"write one of {', '.join(_SAMPLERS)}"
        )
    ratio, follows_parent = _SAMPLERS[name]
    return Sampler(_ratio(environment) if ratio is None else ratio, follows_parent)


def _ratio(environment: Mapping[str, str]) -> float:
    text = environment.get("OTEL_TRACES_SAMPLER_ARG", "").strip() or "1"
    try:
        ratio = float(text)
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        raise ConfigurationError(
            f"OTEL_TRACES_SAMPLER_ARG: `{text}` is not a share", hint="write a number from 0 to 1"
        )
    return ratio


def _propagates(environment: Mapping[str, str]) -> bool:
    names = {each.strip() for each in environment.get("OTEL_PROPAGATORS", "tracecontext").split(",")}
    return bool(names & {"tracecontext", "b3", "b3multi"})
