{{- define "naftiko-run.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "naftiko-run.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $name := include "naftiko-run.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "naftiko-run.selectorLabels" -}}
app.kubernetes.io/name: {{ include "naftiko-run.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "naftiko-run.labels" -}}
{{ include "naftiko-run.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "naftiko-run.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "naftiko-run.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /* The ConfigMaps that are mounted as folders of documents, as JSON. */}}
{{- define "naftiko-run.configMaps" -}}
{{- $names := .Values.documents.configMaps }}
{{- $own := printf "%s-documents" (include "naftiko-run.fullname" .) }}
{{- $others := or .Values.documents.configMaps .Values.documents.urls .Values.documents.images }}
{{- if or .Values.documents.inline (not $others) }}
{{- $names = prepend $names $own }}
{{- end }}
{{- toJson $names }}
{{- end }}

{{- /* The options of a probe: its handler for a health route, and its times. */}}
{{- define "naftiko-run.probe" -}}
{{- if and (eq .root.Values.probes.type "control") (ne .route "live") -}}
exec:
  command: ["naftiko", "health", "--port", {{ .root.Values.control.port | quote }}]
{{- else -}}
httpGet:
  path: /health/{{ .route }}
  port: {{ default (first .root.Values.ports).name .root.Values.probes.port }}
{{- end }}
{{ toYaml .times }}
{{- end }}

{{- define "naftiko-run.validate" -}}
{{- if and .Values.control.tokenSecret.name (not .Values.control.enabled) }}
{{- fail "control.tokenSecret needs control.enabled" }}
{{- end }}
{{- if and .Values.serviceMonitor.enabled (not .Values.control.tokenSecret.name) }}
{{- fail "serviceMonitor needs control.tokenSecret.name: without a token, the control port listens on 127.0.0.1 only" }}
{{- end }}
{{- if and (eq .Values.probes.type "control") (not .Values.control.enabled) }}
{{- fail "probes.type control needs control.enabled" }}
{{- end }}
{{- end }}
