{{- define "escape-vre.labels" -}}
app.kubernetes.io/name: escape-vre
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* What both of our pods run in: the hub's own image, and nothing that Pod Security forbids. */}}
{{- define "escape-vre.container" -}}
image: {{ .Values.jupyterhub.hub.image.name }}:{{ .Values.jupyterhub.hub.image.tag }}
{{- with .Values.jupyterhub.hub.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
resources:
  requests: {cpu: 50m, memory: 128Mi}
  limits: {cpu: "1", memory: 256Mi}
{{- end }}

{{- define "escape-vre.pullSecrets" -}}
{{- $hub := .Values.jupyterhub }}
{{- $names := concat ($hub.imagePullSecrets | default list) ($hub.hub.image.pullSecrets | default list) }}
{{- $found := list }}
{{- range $names }}
{{- $found = append $found (kindIs "map" . | ternary . (dict "name" .)) }}
{{- end }}
{{- with $found }}
imagePullSecrets: {{ toJson . }}
{{- end }}
{{- end }}

{{- /* Values that need the cluster's default StorageClass. */}}
{{- define "escape-vre.claims" -}}
{{- $found := list }}
{{- with .Values.jupyterhub }}
{{- if and (eq .hub.db.type "sqlite-pvc") (kindIs "invalid" .hub.db.pvc.storageClassName) }}
{{- $found = append $found "jupyterhub.hub.db.pvc.storageClassName" }}
{{- end }}
{{- if and (eq .singleuser.storage.type "dynamic") (kindIs "invalid" .singleuser.storage.dynamic.storageClass) }}
{{- $found = append $found "jupyterhub.singleuser.storage.dynamic.storageClass" }}
{{- end }}
{{- end }}
{{- toJson $found }}
{{- end }}

{{- /* Of hub.config, who may sign in, and how long the password is: nothing that is secret. */}}
{{- define "escape-vre.check" -}}
{{- $config := .Values.jupyterhub.hub.config }}
{{- $hub := dict }}
{{- range $name := list "Authenticator" "OAuthenticator" "GenericOAuthenticator" "EscapeAuthenticator" }}
{{- $section := get $config $name | default dict }}
{{- $_ := set $hub $name (pick $section "allowed_users" "admin_users" "allow_all" "allow_existing_users") }}
{{- end }}
{{- $password := dig "SharedPasswordAuthenticator" "user_password" "" $config | toString }}
{{- dict
      "settings" .Values.global.escape
      "secret" .Values.jupyterhub.hub.existingSecret
      "hub" $hub
      "password_length" (len $password)
      "claims" (include "escape-vre.claims" . | fromJsonArray)
    | toJson }}
{{- end }}

{{- /* z2jh's values for variables are a map, of text or of what a container takes, or a list. */}}
{{- define "escape-vre.env" -}}
{{- $found := list }}
{{- if kindIs "slice" . }}
{{- $found = . }}
{{- else }}
{{- range $name, $value := . }}
{{- if kindIs "map" $value }}
{{- $found = append $found (merge (dict "name" $name) $value) }}
{{- else }}
{{- $found = append $found (dict "name" $name "value" ($value | toString)) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $found }}
{{- $entry := deepCopy . }}
{{- range $kind := list "secretKeyRef" "configMapKeyRef" }}
{{- with dig "valueFrom" $kind dict $entry }}
{{- /* What is missing is to be said, not to keep the pod from starting. */}}
{{- $_ := set . "optional" true }}
{{- end }}
{{- end }}
- {{ toJson $entry }}
{{- end }}
{{- end }}
