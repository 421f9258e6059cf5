{{- define "escape-vre.labels" -}}
app.kubernetes.io/name: escape-vre
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "escape-vre.component" -}}
app.kubernetes.io/component: {{ . }}
{{- end }}

{{- /* Selects one of our pods: (list . "check"). */}}
{{- define "escape-vre.selector" -}}
app.kubernetes.io/name: escape-vre
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
{{ include "escape-vre.component" (index . 1) }}
{{- end }}

{{- /* What both of our pods run in: the hub's own image, within Pod Security's restricted profile. */}}
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

{{- /* Entries of z2jh's value for variables: a map, of text or of what a container takes, or a list. */}}
{{- define "escape-vre.variables" -}}
{{- $found := list }}
{{- if kindIs "slice" . }}
{{- $found = . }}
{{- else }}
{{- range $name, $value := . }}
{{- if kindIs "map" $value }}
{{- $found = append $found (merge (dict "name" $name) $value) }}
{{- else if not (kindIs "invalid" $value) }}
{{- $found = append $found (dict "name" $name "value" ($value | toString)) }}
{{- end }}
{{- end }}
{{- end }}
{{- toJson $found }}
{{- end }}

{{- /* The hub's variables that the check reads: see VARIABLES in escape_vre/hub/check.py. */}}
{{- define "escape-vre.checkedEnv" -}}
{{- $escape := .Values.global.escape }}
{{- $names := list "HTTP_PROXY" "HTTPS_PROXY" "ALL_PROXY" "NO_PROXY" "http_proxy" "https_proxy" "all_proxy" "no_proxy" "SSL_CERT_FILE" "SSL_CERT_DIR" }}
{{- $names = append $names (dig "login" "client_secret_env" "ESCAPE_VRE_CLIENT_SECRET" $escape) }}
{{- $names = append $names (dig "keys" "env" "ESCAPE_VRE_HUB_KEYS" $escape) }}
{{- range include "escape-vre.variables" .Values.jupyterhub.hub.extraEnv | fromJsonArray }}
{{- if has .name $names }}
{{- $entry := deepCopy . }}
{{- range $kind := list "secretKeyRef" "configMapKeyRef" }}
{{- with dig "valueFrom" $kind dict $entry }}
{{- /* The check reports what is missing; the pod has to start for that. */}}
{{- $_ := set . "optional" true }}
{{- end }}
{{- end }}
- {{ toJson $entry }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Where the token of helm test is, as the hub's settings name it: name and key of a Secret, or nothing. */}}
{{- define "escape-vre.testSecret" -}}
{{- $found := dict }}
{{- range include "escape-vre.variables" .Values.jupyterhub.hub.extraEnv | fromJsonArray }}
{{- if eq .name "ESCAPE_VRE_TEST_TOKEN" }}
{{- $found = dig "valueFrom" "secretKeyRef" dict . }}
{{- end }}
{{- end }}
{{- toJson $found }}
{{- end }}

{{- /* It lasts as long as the release. Tools that only render cannot look it up: there it is derived
from z2jh's own token, which they must have in their values, and which it does not tell. */}}
{{- define "escape-vre.testToken" -}}
{{- $secret := include "escape-vre.testSecret" . | fromJson }}
{{- $there := lookup "v1" "Secret" .Release.Namespace $secret.name | default dict }}
{{- $kept := dig "data" $secret.key "" $there }}
{{- if .Values.jupyterhub.proxy.secretToken }}
{{- printf "escape-vre-test %s" .Values.jupyterhub.proxy.secretToken | sha256sum }}
{{- else if $kept }}
{{- $kept | b64dec }}
{{- else }}
{{- randAlphaNum 64 }}
{{- end }}
{{- end }}

{{- /* Policies have no host names: any address except those of a cloud's metadata service. */}}
{{- define "escape-vre.egress" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except: [{{ .Values.jupyterhub.singleuser.cloudMetadata.ip }}/32]
    - ipBlock:
        cidr: "::/0"
        except: ["fd00:ec2::254/128"]
    # In some network plug-ins, address blocks do not include pods.
    - namespaceSelector: {}
  ports:
    - protocol: TCP
{{- end }}
