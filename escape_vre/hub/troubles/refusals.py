"""Why Kubernetes refused a pod or a volume."""

import re

from escape_vre.hub.quantities import amount_alone, amount_of, number_of, thing
from escape_vre.hub.troubles.trouble import ASK, RETRY_OR_ASK, Trouble, other, smaller


def refused(code: int | None, said: str, *, choice: bool = False) -> Trouble:
    """Return why Kubernetes refused a pod or a volume.

    Parameters
    ----------
    code : int or None
        The status of its answer; None without an answer.
    said : str
        Its message.
    choice : bool
        Whether users choose their environment.
    """
    if code is None or code in {408, 429} or code >= 500:
        return Trouble("Kubernetes, which runs the servers, does not answer.", RETRY_OR_ASK, said)
    if found := re.search(r"exceeded quota: \S+, requested: (.+), used: (.+), limited: (.+)", said):
        return _quota(said, *found.groups(), choice=choice)
    if found := re.search(r"failed quota: \S+: must specify (\S+)", said):
        what = f"This hub has a quota, and your server does not say how much {thing(found[1])} it"
        return Trouble(f"{what} needs.", other(choice), said)
    if found := re.search(r"(maximum|minimum) (\S+) usage per (\S+) is ([^\s,]+)", said):
        bound = "at most" if found[1] == "maximum" else "at least"
        amount = amount_of(found[2], found[4])
        what = f"This hub lets a server have {bound} {amount}, and yours asks for"
        return Trouble(
            f"{what} {'more' if found[1] == 'maximum' else 'less'}.", other(choice), said
        )
    for pattern, what, helps in _REFUSALS:
        if re.search(pattern, said):
            return Trouble(what, other(choice and helps), said)
    return Trouble("Kubernetes refused your server.", ASK, said)


_REFUSALS = (
    # What in the answer, what it means, and whether another environment may help.
    (
        r"violates PodSecurity|admission webhook|ValidatingAdmissionPolicy",
        "The rules of this cluster do not allow your server as it is set up.",
        True,
    ),
    (r"must be less than or equal to", "Your server asks for more than it may use.", True),
    (r"cannot \w+ resource", "This hub is not allowed to start your server.", False),
    (
        r"being terminated",
        "The namespace for your server is being removed.",
        False,
    ),
)


def _quota(said: str, requested: str, used: str, limited: str, *, choice: bool) -> Trouble:
    asked, taken, may = (
        dict(entry.split("=", 1) for entry in text.split(",") if "=" in entry)
        for text in (requested, used, limited)
    )
    parts, hopeless = [], False
    for name, limit in may.items():
        needs, has = asked.get(name, "0"), taken.get(name, "0")
        hopeless = hopeless or number_of(needs) > number_of(limit)
        use = amount_alone(name, has) if number_of(has) else "none"
        whole = amount_of(name, limit)
        parts.append(
            f"{whole} in total, {use} in use, and your server needs {amount_alone(name, needs)}"
        )
    what = f"The quota of this hub does not allow your server: {'; '.join(parts)}."
    hint = other(choice) if hopeless else smaller("Stop servers you do not need", choice)
    return Trouble(what, hint, said)
