"""One document of all services, in which none renames another's models."""

from fastapi import FastAPI
from pydantic import BaseModel

from escape_vre.agent.documents import whole
from escape_vre.core.errors import ConfigurationError


class Job(BaseModel):
    id: str


class Mounted:
    """A service with a model ``Instance`` of one field, and the agent's jobs."""

    def __init__(self, field):
        class Instance(BaseModel):
            __annotations__ = {field: str}

        class Instances(BaseModel):
            instances: list[Instance]

        self._app = FastAPI()

        @self._app.get("/instances")
        async def instances() -> Instances: ...

        @self._app.post("/instances")
        async def add(instance: Instance) -> Job: ...

    def application(self):
        return self._app


class Broken:
    def application(self):
        raise ConfigurationError("It cannot be used.")


def test_models_of_services_carry_their_names():
    agent = FastAPI()

    @agent.get("/jobs")
    async def jobs() -> Job: ...

    services = {"lake": Mounted("rucio"), "flows": Mounted("reana"), "broken": Broken()}
    found = whole(agent.openapi, services)
    models = found["components"]["schemas"]
    assert list(models["LakeInstance"]["properties"]) == ["rucio"]
    assert list(models["FlowsInstance"]["properties"]) == ["reana"]
    assert models["LakeInstance"]["title"] == "LakeInstance"
    assert "Instance" not in models
    for name, prefix in (("lake", "Lake"), ("flows", "Flows")):
        verbs = found["paths"][f"/{name}/instances"]
        answer = verbs["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert answer == {"$ref": f"#/components/schemas/{prefix}Instances"}
        items = models[f"{prefix}Instances"]["properties"]["instances"]["items"]
        assert items == {"$ref": f"#/components/schemas/{prefix}Instance"}
        answer = verbs["post"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert answer == {"$ref": "#/components/schemas/Job"}
    operations = [one["operationId"] for verbs in found["paths"].values() for one in verbs.values()]
    assert len(set(operations)) == len(operations) == 5
    assert found["x-services"] == {"lake": "Lake", "flows": "Flows", "broken": "Broken"}
    assert agent.openapi()["paths"].keys() == {"/jobs"}
