"""Passwords: argon2id with the parameters of RFC 9106's low-memory profile (64 MiB), off the event loop."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cutroom.core.errors import CutroomError


class Passwords:
    """Hashes and verifies, at most two at a time: each holds 64 MiB and a core for some tens of milliseconds."""

    def __init__(self, *, minimum_length: int = 10) -> None:
        self.minimum_length = minimum_length
        self._hasher = PasswordHasher()
        self._turns = asyncio.Semaphore(2)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The encoded hash to store; refuses what is too short."""
        if len(password) < self.minimum_length:
            raise CutroomError(
                "accounts.password-short",
                f"The password has {len(password)} characters; it needs at least {self.minimum_length}.",
                hint="Several words in a row are easy to keep and hard to guess.",
            )
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the stored one; takes as long for an account that does not exist."""
        async with self._turns:
            if stored is None:
                if self._nobody is None:
                    self._nobody = await asyncio.to_thread(self._hasher.hash, "nobody has this password")
                await asyncio.to_thread(self._matches, self._nobody, password)
                return False
            return await asyncio.to_thread(self._matches, stored, password)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
