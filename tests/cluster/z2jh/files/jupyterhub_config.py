"""A hub on Kubernetes, from the chart's values: as z2jh's, as far as our tests go."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from z2jh import get_config as value
from z2jh import get_secret_value

c = get_config()  # noqa: F821 (JupyterHub's)


def take(section, names, below):
    """Set what has a value, the trait's name in camel case being the value's."""
    for name, path in names.items():
        found = value(f"{below}.{path}")
        if found is not None:
            setattr(section, name, found)


c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
c.ConfigurableHTTPProxy.api_url = f"http://proxy-api:{os.environ['PROXY_API_SERVICE_PORT']}"
c.ConfigurableHTTPProxy.should_start = False
c.JupyterHub.cleanup_servers = False
c.JupyterHub.last_activity_interval = 60
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
c.JupyterHub.hub_bind_url = "http://:8081"
c.JupyterHub.hub_connect_url = f"http://hub:{os.environ['HUB_SERVICE_PORT']}"
memory = value("hub.db.type") == "sqlite-memory"
c.JupyterHub.db_url = "sqlite://" if memory else "sqlite:///jupyterhub.sqlite"
take(
    c.JupyterHub,
    {
        "base_url": "baseUrl",
        "allow_named_servers": "allowNamedServers",
        "named_server_limit_per_user": "namedServerLimitPerUser",
        "concurrent_spawn_limit": "concurrentSpawnLimit",
    },
    "hub",
)
take(c.Spawner, {"consecutive_failure_limit": "consecutiveFailureLimit"}, "hub")

spawner = c.KubeSpawner
spawner.namespace = os.environ["POD_NAMESPACE"]
spawner.common_labels = {"app": "jupyterhub", "release": value("Release.Name")}
image = value("singleuser.image")
spawner.image = f"{image['name']}:{image['tag']}"
take(
    spawner,
    {
        "image_pull_policy": "image.pullPolicy",
        "extra_labels": "extraLabels",
        "extra_annotations": "extraAnnotations",
        "uid": "uid",
        "fs_gid": "fsGid",
        "start_timeout": "startTimeout",
        "mem_limit": "memory.limit",
        "mem_guarantee": "memory.guarantee",
        "cpu_limit": "cpu.limit",
        "cpu_guarantee": "cpu.guarantee",
        "environment": "extraEnv",
        "profile_list": "profileList",
        "extra_pod_config": "extraPodConfig",
    },
    "singleuser",
)
take(c.Spawner, {"cmd": "cmd", "default_url": "defaultUrl"}, "singleuser")

volumes, mounts = {}, {}
storage = value("singleuser.storage")
if storage["type"] == "dynamic":
    name = "volume-{user_server}"
    spawner.storage_pvc_ensure = True
    spawner.storage_capacity = storage["capacity"]
    spawner.storage_access_modes = ["ReadWriteOnce"]
    if storage["dynamic"]["storageClass"] is not None:
        spawner.storage_class = storage["dynamic"]["storageClass"]
    volumes[name] = {"name": name, "persistentVolumeClaim": {"claimName": "{pvc_name}"}}
    mounts[name] = {"name": name, "mountPath": storage["homeMountPath"]}
spawner.volumes = volumes | (storage["extraVolumes"] or {})
spawner.volume_mounts = mounts | (storage["extraVolumeMounts"] or {})

c.JupyterHub.services = []
c.JupyterHub.load_roles = []
if value("cull.enabled"):
    scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
    command = [sys.executable, "-m", "jupyterhub_idle_culler"]
    command += [f"--url=http://localhost:8081{value('hub.baseUrl').rstrip('/')}/hub/api"]
    command += [f"--timeout={value('cull.timeout')}", f"--cull-every={value('cull.every')}"]
    if value("cull.users"):
        command.append("--cull-users")
        scopes.append("admin:users")
    name = "jupyterhub-idle-culler"
    c.JupyterHub.services.append({"name": name, "command": command})
    c.JupyterHub.load_roles.append({"name": name, "scopes": scopes, "services": [name]})
for name, service in value("hub.services", {}).items():
    token = get_secret_value(f"hub.services.{name}.apiToken")
    own = {key: found for key, found in service.items() if key != "apiToken"}
    c.JupyterHub.services.append({"name": name, **own, "api_token": token})
for name, role in value("hub.loadRoles", {}).items():
    c.JupyterHub.load_roles.append({"name": name, **role})

c.JupyterHub.cookie_secret = get_secret_value("hub.config.JupyterHub.cookie_secret")
c.CryptKeeper.keys = get_secret_value("hub.config.CryptKeeper.keys").split(";")
for section, options in value("hub.config", {}).items():
    if section != "CryptKeeper":
        c[section].update(options)

for name, text in sorted(value("hub.extraConfig", {}).items()):
    exec(compile(text, f"hub.extraConfig.{name}", "exec"))
