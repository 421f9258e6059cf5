"""What the registry sees of the data lake."""

from escape_vre.core.service import Plugin

plugin = Plugin(
    name="datalake",
    title="Data lake",
    schemes=("rucio",),
    capabilities=("fetchable", "names_variables"),
    icon="escape-vre:datalake",
    service="escape_vre.services.datalake.service:create",
    routes="escape_vre.services.datalake.routes:make_router",
    settings="escape_vre.services.datalake.instances:DataLake",
    hub="escape_vre.services.datalake.hub:Lakes",
    command="dl",
    commands="escape_vre.services.datalake.cli:add_commands",
    summary="the data lake: list, get, show jobs",
    browser=(
        "GET /instances",
        "GET /whoami",
        "GET /scopes",
        "GET /dids",
        "GET /contents",
        "GET /did",
        "GET /replicas",
        "GET /complete",
        "POST /states",
        "POST /get",
    ),
)
