{{- /* Names that a parent chart may use too, as z2jh's. */}}
{{- define "jupyterhub.hub.fullname" -}}hub{{- end }}
{{- define "jupyterhub.proxy-api.fullname" -}}proxy-api{{- end }}
{{- define "jupyterhub.proxy-public.fullname" -}}proxy-public{{- end }}

{{- define "standin.labels" -}}
app: jupyterhub
release: {{ .root.Release.Name | quote }}
component: {{ .component }}
{{- end }}

{{- /* A key of the Secret: what the values say, else what the cluster has, else a new one. */}}
{{- define "standin.kept" -}}
{{- if .value }}{{ .value }}
{{- else }}
{{- $there := lookup "v1" "Secret" .root.Release.Namespace "hub" | default dict }}
{{- $kept := dig "data" .key "" $there }}
{{- if $kept }}{{ $kept | b64dec }}{{ else }}{{ randBytes 32 | b64dec | printf "%x" }}{{ end }}
{{- end }}
{{- end }}

{{- define "standin.proxyToken" -}}
{{- include "standin.kept" (dict "root" . "key" "hub.config.ConfigurableHTTPProxy.auth_token" "value" .Values.proxy.secretToken) }}
{{- end }}

{{- define "standin.env" -}}
{{- range $name, $value := . }}
{{- if kindIs "slice" $ }}
- {{ toJson $value }}
{{- else if kindIs "map" $value }}
- {{ merge (dict "name" $name) $value | toJson }}
{{- else }}
- {{ dict "name" $name "value" ($value | toString) | toJson }}
{{- end }}
{{- end }}
{{- end }}
