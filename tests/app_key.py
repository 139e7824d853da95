"""An App's key, made once for all tests: making one takes longer than most of them."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


@cache
def app_key() -> RSAPrivateKey:
    """Return the key."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def app_key_pem() -> str:
    """Return the key as GitHub gives it to download."""
    return app_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
