class ClientAuth:
    client_id: str
    client_secret: str
