"""Text that looks like a credential: the shapes that issuers give their keys, and lone entropy.

A value of such a shape is refused wherever it stands in a governed file and never repeated
in a message. Shapes are those the issuers document (GitHub, AWS, Slack, OpenAI, Google,
RFC 7519, RFC 7468); a secret of no known shape is caught by the name it is given.
"""

import re
from collections.abc import Iterator

_SHAPES = re.compile(
    r"""
    (?P<an_AWS_access_key>(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])) |
    (?P<a_GitHub_token>(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})) |
    (?P<a_GitLab_token>(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}) |
    (?P<a_Slack_token>(?<![A-Za-z0-9])xox[a-z]-[A-Za-z0-9-]{10,}) |
    (?P<an_API_key>(?<![A-Za-z0-9])(?:sk-|[srp]k_)(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{20,}) |
    (?P<a_Google_API_key>(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}) |
    (?P<a_private_key>-----BEGIN\ [A-Z0-9 ]{0,40}PRIVATE\ KEY-----) |
    (?P<a_signed_token>(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,400}\.eyJ[A-Za-z0-9_-]{8,}) |
    (?P<an_Azure_key>(?:AccountKey|SharedAccessKey|SharedAccessSignature|[?&]sig)=[A-Za-z0-9%+/]{20,}) |
    (?P<a_password_in_an_address>[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,80}:[^\s/@]{1,80}@)
    """,
    re.VERBOSE | re.ASCII,
)
_TRACES = (
    *(
        "AKIA",
        "ASIA",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "xox",
        "sk-",
        "sk_",
        "rk_",
        "pk_",
    ),
    *("AIza", "PRIVATE KEY-----", "eyJ", "AccountKey=", "SharedAccessKey=", "SharedAccessSignature=", "sig=", "@"),
)
"""Every shape holds one of these; looking for them first is thirty times faster."""
_NAMES_A_SECRET = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|API_?KEY|PRIVATE_KEY|ACCESS_KEY|ACCOUNT_KEY)$"
)
_MAY_NAME_A_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|PWD|CREDENTIAL|AUTH|SIGNATURE")
_OPAQUE = re.compile(r"[A-Za-z0-9+/_=.~-]{32,}")
_FEWEST_DISTINCT = 10


def secret_shapes(text: str) -> Iterator[tuple[int, str]]:
    """Yield the offset and the kind of everything in `text` that looks like a credential."""
    if any(trace in text for trace in _TRACES):
        for found in _SHAPES.finditer(text):
            yield found.start(), str(found.lastgroup).replace("_", " ")


def secret_shape(text: str) -> tuple[int, str] | None:
    """Return the first of `secret_shapes`, or None."""
    return next(secret_shapes(text), None)


def is_named_secret(name: str, value: str) -> bool:
    """Return whether a variable holds a secret, judging by its name and how opaque its value is."""
    if not value:
        return False
    if _NAMES_A_SECRET.search(name):
        return True
    is_opaque = _OPAQUE.fullmatch(value) is not None and len(set(value)) >= _FEWEST_DISTINCT
    return is_opaque and _MAY_NAME_A_SECRET.search(name) is not None
