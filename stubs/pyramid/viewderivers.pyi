INGRESS: str
VIEW: str
