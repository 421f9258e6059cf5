"""What escape-vre sees of the shelf before anything of it is imported."""

from escape_vre.core.plugin import Plugin

plugin = Plugin(
    name="shelf",
    title="Shelf",
    schemes=("shelf",),
    capabilities=("fetchable", "searchable", "storable"),
    icon="escape-vre-shelf:shelf",
    service="escape_vre_shelf.service:create",
    routes="escape_vre_shelf.routes:make_router",
    settings="escape_vre_shelf.service:Shelf",
    command="shelf",
    commands="escape_vre_shelf.cli:add_commands",
    summary="the shelf: search, get, put, bind",
    browser=("GET /search", "POST /get", "POST /put", "POST /bind"),
    kinds=("escape_vre_shelf.kinds:put", "escape_vre_shelf.kinds:bind"),
)
