"""What is wrong between settings, of which each may be right for itself."""

from collections.abc import Iterator, Mapping

_ENTRA = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE")
_LINKS = {"DVO_ENTRA_GITHUB_ID", "DVO_DIRECTORY_FILE", "DVO_GITHUB_EXTERNAL_IDENTITIES"}
_PROOFS = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE", "AZURE_MANAGED_IDENTITY")
_TOGETHER = (
    ("SPLUNK_HEC_URL", "SPLUNK_HEC_TOKEN"),
    ("SENTINEL_ENDPOINT", "SENTINEL_RULE_ID", "SENTINEL_STREAM"),
)


def faults_between(given: set[str], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong between the settings that are `given`, each after the variable to mend."""
    for group in _TOGETHER:
        if given & set(group):
            yield from (
                f"{name}: is missing beside {', '.join(sorted(given & set(group)))}"
                for name in group
                if name not in given
            )
    yield from _entra_faults(given - _off(environment))
    if not given & {*_ENTRA, "DVO_DIRECTORY_FILE"}:
        yield "DVO_DIRECTORY_FILE: is missing; without it or Entra ID (AZURE_*) nobody is known"
    yield from _opa_faults(given, environment)
    yield from _sign_in_faults(given)


def _opa_faults(given: set[str], environment: Mapping[str, str]) -> Iterator[str]:
    if "OPA_URL" not in given:
        yield from (
            f"{name}: is given without OPA_URL; nobody would be asked with it"
            for name in ("OPA_TOKEN", "OPA_CA_FILE")
            if name in given
        )
    elif "OPA_CA_FILE" in given and not environment["OPA_URL"].startswith("https:"):
        yield "OPA_CA_FILE: is given, but OPA_URL is not https; nothing would be checked against it"


def _off(environment: Mapping[str, str]) -> set[str]:
    """Return the switches that are set, and set to nothing."""
    return {
        name
        for name in ("AZURE_MANAGED_IDENTITY", "DVO_GITHUB_EXTERNAL_IDENTITIES")
        if environment.get(name, "").lower() == "false"
    }


def _entra_faults(given: set[str]) -> Iterator[str]:
    """Tell what is wrong with how the controller proves who it is to Entra ID, and whom it then knows."""
    proofs = [name for name in _PROOFS if name in given]
    if len(proofs) > 1:
        yield f"{proofs[1]}: is given beside {proofs[0]}; the controller proves who it is in one way"
    if "AZURE_TENANT_ID" in given and not proofs:
        yield f"{_PROOFS[0]}: is missing beside AZURE_TENANT_ID; or set one of {', '.join(_PROOFS[1:])}"
    if given & set(_ENTRA) and "AZURE_MANAGED_IDENTITY" not in given:
        yield from (f"{name}: is missing beside the other AZURE_* settings" for name in _ENTRA[:2] if name not in given)
    if "DVO_GITHUB_EXTERNAL_IDENTITIES" in given and "AZURE_TENANT_ID" not in given:
        yield "DVO_GITHUB_EXTERNAL_IDENTITIES: is given without AZURE_TENANT_ID; it leads to people of a tenant only"
    if "AZURE_TENANT_ID" in given and not given & _LINKS:
        yield (
            "DVO_ENTRA_GITHUB_ID: is missing; without it, or DVO_DIRECTORY_FILE beside Entra ID,"
            " no GitHub account leads to anybody"
        )


def _sign_in_faults(given: set[str]) -> Iterator[str]:
    """Tell what would let nobody sign in although somebody meant it to."""
    if "DVO_PUBLIC_URL" in given and not given & set(_PROOFS[:2]):
        yield "DVO_PUBLIC_URL: is given, but signing in takes Entra ID with AZURE_CLIENT_SECRET or a certificate"
    if "DVO_MFA_CONTEXTS" in given and "AZURE_TENANT_ID" not in given:
        yield "DVO_MFA_CONTEXTS: is given without AZURE_TENANT_ID; no other tenant has them"
