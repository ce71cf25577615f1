from typing import Literal

from zope.interface import Interface

def verifyClass(
    iface: type[Interface], candidate: type, tentative: bool = False
) -> Literal[True]: ...
def verifyObject(
    iface: type[Interface], candidate: object, tentative: bool = False
) -> Literal[True]: ...
