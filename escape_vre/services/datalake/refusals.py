"""What each exception of Rucio's means to a user, whatever HTTP status it comes with (Rucio 41).

Rucio answers 401 to what an account may not do, 409 to an expression with a typo, and 500 to what
some route forgot to catch. The name of the exception is what can be relied on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from escape_vre.core.errors import (
    ConflictError,
    DeniedError,
    EscapeError,
    NotFoundError,
    QuotaError,
    RemoteUnavailableError,
    UsageError,
)


class MetadataError(UsageError):
    """Rucio does not take this metadata, or does not search by it."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The error that an exception becomes.

    Parameters
    ----------
    says : str
        A sentence; ``{title}`` is the server, ``{said}`` what it says itself.
    """

    error: type[EscapeError]
    says: str
    hint: str

    def of(self, title: str, said: str) -> EscapeError:
        """Make the error."""
        said = said.partition("[SQL")[0].strip()  # how a refusal of the database goes on
        return self.error(self.says.format(title=title, said=said), hint=self.hint)


_RIGHTS = "Ask the owner of the data or the data lake's administrators, or use another account."
_QUOTA = "Choose other RSEs, delete rules that are not needed, or ask the site for more quota."
_SEE_RSES = "Run %dl rses to see all RSEs and their attributes."
_SEE_RULES = "Run %dl rules to see your rules."
_WAIT = "Try again in a few minutes."

MEANINGS: Mapping[str, Meaning] = {
    "AccessDenied": Meaning(DeniedError, "{title} does not allow this: {said}.", _RIGHTS),
    "ScopeAccessDenied": Meaning(DeniedError, "{title} does not allow this: {said}.", _RIGHTS),
    "RSEAccessDenied": Meaning(DeniedError, "{title} does not allow this: {said}.", _RIGHTS),
    "ManualRuleApprovalBlocked": Meaning(
        DeniedError, "A site does not accept rules that wait for approval.", "Choose other RSEs."
    ),
    "InvalidRSEExpression": Meaning(
        UsageError, "{title} does not accept the RSE expression: {said}.", _SEE_RSES
    ),
    "InvalidSourceReplicaExpression": Meaning(
        UsageError, "{title} does not accept the RSE expression of the sources.", _SEE_RSES
    ),
    "RSENotFound": Meaning(NotFoundError, "{title} did not find the RSE: {said}.", _SEE_RSES),
    "RSEWriteBlocked": Meaning(
        ConflictError, "No RSE that matches the expression can be written to now.", _SEE_RSES
    ),
    "RSEOverQuota": Meaning(QuotaError, "The RSE is full: {said}.", _QUOTA),
    "FullStorage": Meaning(QuotaError, "The storage is full: {said}.", _QUOTA),
    "InsufficientAccountLimit": Meaning(
        QuotaError, "Your account has no quota left at the RSEs that match the expression.", _QUOTA
    ),
    "InsufficientTargetRSEs": Meaning(
        UsageError,
        "Fewer RSEs match the expression than copies are wanted.",
        "Ask for fewer copies, or widen the expression.",
    ),
    "InvalidRuleWeight": Meaning(
        UsageError, "{title} does not accept the weight: {said}.", "Leave out the weight."
    ),
    "InvalidReplicationRule": Meaning(
        UsageError, "{title} does not accept the rule: {said}.", "Check the rule's settings."
    ),
    "StagingAreaRuleRequiresLifetime": Meaning(
        UsageError, "A rule for a staging area needs a lifetime.", "Set a lifetime or a date."
    ),
    "ScratchDiskLifetimeConflict": Meaning(
        UsageError, "The lifetime is longer than a scratch disk allows.", "Set at most 15 days."
    ),
    "DuplicateRule": Meaning(
        ConflictError,
        "Your account has the same rule already: this DID, expression and number of copies.",
        _SEE_RULES,
    ),
    "RuleNotFound": Meaning(NotFoundError, "{title} did not find the rule: {said}.", _SEE_RULES),
    "RuleReplaceFailed": Meaning(
        ConflictError, "{title} could not replace the rule: {said}.", _SEE_RULES
    ),
    "ReplicationRuleCreationTemporaryFailed": Meaning(
        RemoteUnavailableError, "{title} could not create the rule at this moment.", _WAIT
    ),
    "DataIdentifierAlreadyExists": Meaning(
        ConflictError, "{title} has a DID of this name already: {said}.", "Choose another name."
    ),
    "DuplicateContent": Meaning(
        ConflictError, "The collection has this content already.", "Run %dl ls to see its content."
    ),
    "FileAlreadyExists": Meaning(
        ConflictError, "{title} has a file of this name already: {said}.", "Choose another name."
    ),
    "FileConsistencyMismatch": Meaning(
        ConflictError,
        "{title} knows this file with another size or checksum: {said}.",
        "Choose another name.",
    ),
    "UnsupportedOperation": Meaning(
        ConflictError,
        "{title} does not do this in the present state of the DID or rule: {said}.",
        "Run %dl info or %dl rule show to see its state.",
    ),
    "UnsupportedStatus": Meaning(
        UsageError, "{title} does not accept this status: {said}.", "Only open and closed exist."
    ),
    "KeyNotFound": Meaning(
        NotFoundError, "There is no such metadata key: {said}.", "Run %dl meta show to see all."
    ),
    "NotImplementedError": Meaning(
        UsageError,
        "{title} cannot remove this key: it is one of Rucio's own.",
        "Set it to another value in its place.",
    ),
    "InvalidMetadata": Meaning(
        MetadataError, "{title} does not accept the metadata: {said}.", "Check key and value."
    ),
    "InvalidValueForKey": Meaning(
        UsageError, "{title} does not accept the value: {said}.", "Check key and value."
    ),
    "SubscriptionNotFound": Meaning(
        NotFoundError, "There is no such subscription.", "Run %dl subscriptions to see all."
    ),
    "SubscriptionDuplicate": Meaning(
        ConflictError, "Your account has a subscription of this name.", "Choose another name."
    ),
    "ReplicaNotFound": Meaning(
        NotFoundError, "There is no such replica: {said}.", "Run %dl info to see the replicas."
    ),
}
"""By the name of the class in ``rucio.common.exception``; others are told by their status."""
