"""What the registry sees of the data lake."""

from escape_vre.core.plugin import Plugin

plugin = Plugin(
    name="datalake",
    title="Data lake",
    schemes=("rucio",),
    short_refs=True,
    capabilities=("accounts", "fetchable", "names_variables"),
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
    variables=(
        "RUCIO_ACCOUNT",
        "RUCIO_AUTH_HOST",
        "RUCIO_AUTH_TOKEN",
        "RUCIO_AUTH_TYPE",
        "RUCIO_HOST",
        "RUCIO_PASSWORD",
        "RUCIO_USERNAME",
        "RUCIO_VO",
    ),
    path_variables=(
        "RUCIO_AUTH_TOKEN_FILE",
        "RUCIO_CA_CERT",
        "RUCIO_CLIENT_CERT",
        "RUCIO_CLIENT_KEY",
        "RUCIO_CLIENT_PROXY",
        "RUCIO_CONFIG",
        "RUCIO_HOME",
    ),
    # The client of Rucio 41 looks for BEARER_TOKEN_FILE when its sign-in is oidc.
    token_variables={"rucio": {"RUCIO_AUTH_TYPE": "oidc"}},
)
