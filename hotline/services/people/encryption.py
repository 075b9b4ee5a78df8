"""Encrypts the secrets that the database keeps and a process must read again, with a key made from SECRET_KEY."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hotline.rules.errors import UnreadableSecret


class SecretCipher:
    """Encrypts and decrypts texts; `purpose` keeps the keys of different uses apart."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=f"hotline {purpose}".encode()).derive(
            secret_key.encode()
        )
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        """Returns the text. Raises UnreadableSecret for one that was changed, or encrypted with another SECRET_KEY."""
        try:
            return self._fernet.decrypt(encrypted.encode()).decode()
        except InvalidToken:
            raise UnreadableSecret from None
