from collections.abc import Callable, Mapping

from authlib.oauth2.auth import ClientAuth

Encoder = Callable[[ClientAuth, str, str, dict[str, str], str], tuple[str, dict[str, str], str]]

class OAuth2Client:
    def __init__(
        self,
        session: object,
        client_id: str,
        client_secret: str | None = ...,
        token_endpoint_auth_method: str | None = ...,
        scope: str | None = ...,
        redirect_uri: str | None = ...,
        code_challenge_method: str | None = ...,
    ) -> None: ...
    def register_client_auth_method(self, auth: tuple[str, Encoder]) -> None: ...
    def create_authorization_url(
        self, url: str, state: str | None = ..., code_verifier: str | None = ..., **parameters: str
    ) -> tuple[str, str]: ...
    def fetch_token(
        self, url: str, *, grant_type: str, **parameters: str
    ) -> Mapping[str, object]: ...
