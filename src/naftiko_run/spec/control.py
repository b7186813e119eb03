"""The control adapter: management and observability."""

from __future__ import annotations

from typing import Final

from naftiko_run.spec.common import FILE, FLAG, LANGUAGE, TEXT
from naftiko_run.spec.exposes import adapter_fields
from naftiko_run.spec.schema_types import Enum, Field, Integer, ListOf, Number, Object, SpecObject

CONTROL_PORT: Final = 9095

CONTROL_ADAPTER: Final = SpecObject(
    "control adapter",
    "a control adapter",
    (
        *adapter_fields(port=CONTROL_PORT, is_named=False, is_described=False),
        Field("management", Object("management"), "Management endpoints."),
        Field("observability", Object("observability"), "Metrics and traces."),
    ),
    schemas=("ExposesControl",),
)

MANAGEMENT: Final = SpecObject(
    "management",
    "`management`",
    (
        Field("health", FLAG, "`/health/live` and `/health/ready`.", default="`true`"),
        Field("info", FLAG, "`/status` and `/config`: what is served, and how.", default="`false`"),
        Field("reload", FLAG, "`/config/reload`: load the documents again.", default="`false`"),
        Field("validate", FLAG, "`/config/validate`: validate a document.", default="`false`"),
        Field(
            "logs",
            Object("logs", also=("boolean",)),
            "`/logs`: the log level, and log records as they are written.",
        ),
        Field("scripting", Object("scripting"), "`/scripting`; the settings of script steps."),
    ),
    schemas=("ControlManagementSpec",),
)

LOGS: Final = SpecObject(
    "logs",
    "`logs`",
    (
        Field("level-control", FLAG, "Whether the log level can be changed.", default="`true`"),
        Field("stream", FLAG, "Whether logs can be streamed.", default="`false`"),
        Field("max-subscribers", Integer(1, 20), "Maximum number of concurrent streams.", default="`5`"),
    ),
    schemas=("ControlLogsEndpointSpec",),
)

SCRIPTING: Final = SpecObject(
    "scripting",
    "`scripting`",
    (
        Field("enabled", FLAG, "Whether script steps run.", default="`true`"),
        Field("defaultLocation", FILE, "The folder of the scripts of steps without `location`."),
        Field("defaultLanguage", LANGUAGE, "The language of the scripts of steps without `language`."),
        Field("timeout", Integer(1), "Maximum run time of a script, in milliseconds.", default="`60000`"),
        Field("statementLimit", Integer(1), "Maximum number of statements of a script.", default="`100000`"),
        Field("allowedLanguages", ListOf(LANGUAGE), "The allowed languages.", default="all"),
    ),
    schemas=("ScriptingManagementSpec",),
)

OBSERVABILITY: Final = SpecObject(
    "observability",
    "`observability`",
    (
        Field("enabled", FLAG, "Whether metrics and traces are recorded.", default="`true`"),
        Field("metrics", Object("metrics"), "Metrics."),
        Field("traces", Object("traces"), "Traces."),
        Field("exporters", Object("exporters"), "Where they are exported to."),
    ),
    schemas=("ObservabilitySpec",),
)

METRICS: Final = SpecObject(
    "metrics",
    "`metrics`",
    (Field("local", Object("local metrics"), "Metrics on the control port."),),
    schemas=("ObservabilityMetricsSpec",),
)

TRACES: Final = SpecObject(
    "traces",
    "`traces`",
    (
        Field("sampling", Number(0, 1), "The share of requests that is traced.", default="`1`"),
        Field(
            "propagation",
            Enum(("w3c", "b3"), is_exact=True),
            "The format of the headers that propagate a trace.",
        ),
        Field("local", Object("local traces"), "Traces on the control port."),
    ),
    schemas=("ObservabilityTracesSpec",),
)

LOCAL_METRICS: Final = SpecObject(
    "local metrics",
    "`local`",
    (Field("enabled", FLAG, "Whether they are shown.", default="`true`"),),
    schemas=("ObservabilityLocalEndpointSpec",),
)

LOCAL_TRACES: Final = SpecObject(
    "local traces",
    "`local`",
    (
        Field("enabled", FLAG, "Whether they are shown.", default="`true`"),
        Field("buffer-size", Integer(10, 10_000), "Maximum number of traces kept.", default="`100`"),
    ),
    schemas=("ObservabilityTracesLocalSpec",),
)

EXPORTERS: Final = SpecObject(
    "exporters",
    "`exporters`",
    (Field("otlp", Object("otlp"), "An OpenTelemetry collector."),),
    schemas=("ObservabilityExportersSpec",),
)

OTLP: Final = SpecObject(
    "otlp",
    "`otlp`",
    (Field("endpoint", TEXT, "The URL of the collector.", required=True),),
    schemas=("ObservabilityOtlpExporterSpec",),
    needs=(("endpoint",),),
)

OBJECTS: Final = (
    CONTROL_ADAPTER,
    MANAGEMENT,
    LOGS,
    SCRIPTING,
    OBSERVABILITY,
    METRICS,
    TRACES,
    LOCAL_METRICS,
    LOCAL_TRACES,
    EXPORTERS,
    OTLP,
)
