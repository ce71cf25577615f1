MAIN: str
INGRESS: str
EXCVIEW: str
