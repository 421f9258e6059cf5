"""Typed data of accounts; no I/O. Sizes are bytes."""

from pydantic import Field

from escape_vre.services.datalake.models import Model


class Quota(Model):
    """How much an account may store, and how much of it is used."""

    used: int
    files: int
    limit: int | None = Field(description="Bytes; 0: nothing may be stored; null: no limit.")
    left: int | None = Field(description="Bytes, not below 0; null: no limit.")


class RseQuota(Quota):
    """The quota at one RSE."""

    rse: str


class SharedQuota(Quota):
    """One quota for all RSEs of an expression together."""

    expression: str
    rses: list[str] = Field(default=[])


class Account(Model):
    """The user's account at an instance."""

    account: str
    admin: bool = Field(description="Whether it may do everything.")
    unlimited: bool = Field(description="Whether its rules need no quota.")
    scopes: list[str] = Field(description="Those that it owns, and so may write to; sorted.")
    quotas: list[RseQuota] = Field(default=[])
    shared: list[SharedQuota] = Field(default=[])
    note: str | None = Field(default=None, description="What could not be read, and why.")

    def left_at(self, rse: str) -> int | None:
        """Return how many bytes a rule of this account may still lock at an RSE; None: any.

        Rucio takes both the RSE's own quota and each shared one into account.
        """
        if self.unlimited:
            return None
        own = {quota.rse: quota for quota in self.quotas}.get(rse)
        if own is None:
            return 0
        lefts = [own.left, *(quota.left for quota in self.shared if rse in quota.rses)]
        known = [left for left in lefts if left is not None]
        return min(known) if known else None

    def quota_at(self, rse: str) -> Quota:
        """Return the quota at an RSE, with what shared quotas leave of it."""
        own = {quota.rse: quota for quota in self.quotas}.get(rse)
        used, files = (own.used, own.files) if own else (0, 0)
        limit = None if self.unlimited else own.limit if own else 0
        return Quota(used=used, files=files, limit=limit, left=self.left_at(rse))
