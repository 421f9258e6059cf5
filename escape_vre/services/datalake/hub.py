"""The data lakes of a hub's users: ``global.escape.lakes``."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import httpx
from pydantic import AfterValidator, ConfigDict, Field

from escape_vre.core.errors import ConfigurationError, RemoteError
from escape_vre.core.hub_section import HubSection, TrialServer
from escape_vre.core.tls import tls_context
from escape_vre.services.datalake.models import LakeSettings


class Lake(LakeSettings):
    """A data lake, as an entry of ``DataLake.instances``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _names_differ(lakes: tuple[Lake, ...]) -> tuple[Lake, ...]:
    for name, count in Counter(lake.name for lake in lakes).items():
        if count > 1:
            raise ValueError(f"has {name} twice")
    return lakes


class Lakes(HubSection):
    """The data lakes."""

    other_groups: ClassVar[frozenset[str]] = frozenset({"RucioConfig"})

    lakes: Annotated[tuple[Lake, ...], AfterValidator(_names_differ)] = Field(
        default=(),
        description="The data lakes that users' servers offer, the first one being the default:"
        " each as an entry of `DataLake.instances`.",
    )

    def audiences(self) -> Mapping[str, str]:
        """Return the audiences of the lakes that need the hub's tokens."""
        return {
            f"lakes[{n}].audience": lake.audience
            for n, lake in enumerate(self.lakes)
            if lake.auth == "hub"
        }

    def config(self, ca_file: str | None) -> Mapping[str, Mapping[str, Any]]:
        """Return ``DataLake.instances``; the site's authorities are those of lakes without any."""
        lakes = [lake.model_dump(mode="json", exclude_unset=True) for lake in self.lakes]
        if ca_file:
            # The system's are not in a file that we know: the site's own replace them there.
            lakes = [{"ca_file": ca_file, **lake} for lake in lakes]
        return {"DataLake": {"instances": lakes}} if lakes else {}

    def check(self, server: TrialServer) -> None:
        """Ask for the lakes, for the account at each, and its Rucio."""
        told = server.get("instances").raise_for_status().json()["instances"]
        wanted = [lake.name for lake in self.lakes]
        found = [entry["name"] for entry in told]
        if wanted and found != wanted:
            raise ConfigurationError(
                f"The test user's server offers the data lakes {found}, but global.escape.lakes"
                f" has {wanted}.",
                hint="An escape_vre_config in the user image may replace the list.",
            )
        server.say(f"The agent answers. Data lakes: {', '.join(found) or 'none'}.")
        for lake in self.lakes:
            _check_account(server, lake.name)
            _check_rucio(server, lake)


def _check_account(server: TrialServer, lake: str) -> None:
    """Ask for the account there; the agent asks the hub for a token without a sign-in."""
    answer = server.get("whoami", instance=lake)
    if answer.status_code == 200:
        server.say(f"{lake} accepts the test user.")
        return
    error = _error(answer)
    if not server.signs_in:
        server.say(f"No sign-in at {lake}, as there is no identity provider: {error['message']}")
    elif answer.status_code == 401 and error.get("details", {}).get("sign_in"):
        server.say(f"The token endpoint answers for {lake}: the test user is not signed in.")
    else:
        raise RemoteError(
            f"The test user's server asked for a token for {lake} and got: {error['message']}",
            hint=str(error.get("hint", "")),
        )


def _error(answer: httpx.Response) -> dict[str, Any]:
    try:
        return {"message": "", **answer.json()["error"]}
    except (ValueError, KeyError, TypeError):
        return {"message": f"status {answer.status_code}: {answer.text[:200]}"}


def _check_rucio(server: TrialServer, lake: Lake) -> None:
    tls = tls_context(None)
    if server.authorities:
        tls.load_verify_locations(cadata=server.authorities)
    try:
        with httpx.Client(verify=tls, timeout=30) as client:
            answer = client.get(f"{lake.url.rstrip('/')}/ping")
            version = answer.raise_for_status().json()["version"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as e:
        raise RemoteError(
            f"Rucio of the data lake {lake.name} does not answer at {lake.url}: {e}",
            hint=f"Correct the url of {lake.name} in global.escape.lakes.",
        ) from e
    server.say(f"Rucio {version} answers at {lake.url}.")
