"""What people can be answered with who sign in, or change their own account."""

from __future__ import annotations

from stockroom.errors import BadRequest, Conflict, Forbidden, NotFound, Problem


class Limited(Forbidden):
    """A refusal that counts as an attempt; ``limits`` are the headers that say where one stands."""

    limits: list[tuple[str, str]]

    def __init__(self, detail: str, limits: list[tuple[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.limits = limits or []

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The limits, and how much of them is left (O-25)."""
        return self.limits


class SignInRefused(Limited):
    """Who signs in did not prove who they are.

    One sentence for every reason: whether there is a user of that name is nobody's business.
    """

    slug, title = "sign-in-refused", "Sign-in refused"


class ProofRefused(Limited):
    """A code or a security key proves nothing: it is wrong, or was used before."""

    slug, title = "proof-refused", "That did not work"


class ConfirmationNeeded(Forbidden):
    """What was asked for takes a password or second factor given in the last minutes."""

    slug, title = "confirmation-needed", "Confirmation needed"


class PasswordRefused(BadRequest):
    """A password is too weak, or too long."""

    slug, title = "password-refused", "Password refused"


class SecurityKeyRefused(BadRequest):
    """A security key cannot be added."""

    slug, title = "security-key-refused", "Security key refused"


class NothingToProve(Conflict):
    """A second factor is asked for that is not set up, or is set up already."""

    slug, title = "wrong-state", "Not possible now"


class NoSuchCredential(NotFound):
    """There is no session, security key or login of that number, or it is somebody else's."""

    slug, title = "no-such-credential", "Not found"


class LinkOver(NotFound):
    """An invitation or a link for a password is unknown, used, withdrawn or too old."""

    slug, title = "link-over", "This link is over"


class TooManyAttempts(Problem):
    """Something was tried too often (O-23); ``seconds`` says how long to wait (O-25)."""

    slug, status, title = "too-many-attempts", 429, "Too many attempts"

    def __init__(self, seconds: int, limits: list[tuple[str, str]]) -> None:
        minutes = -(-seconds // 60)
        super().__init__(
            f"there were too many attempts; try again in {minutes} "
            f"minute{'' if minutes == 1 else 's'}"
        )
        self.seconds = seconds
        self._limits = limits

    @property
    def headers(self) -> list[tuple[str, str]]:
        """When to come again, and what the limits are."""
        return [("Retry-After", str(self.seconds)), *self._limits]
