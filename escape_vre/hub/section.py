"""What all groups of settings have in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A group of settings: an unknown one, or a wrong type, is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
