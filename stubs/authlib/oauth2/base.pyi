class OAuth2Error(Exception):
    error: object
