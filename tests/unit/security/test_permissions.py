"""Roles and what they carry."""

from __future__ import annotations

from itertools import pairwise

import pytest

from stockroom.security.permissions import (
    CAPABILITIES,
    OWN,
    ROLE_PERMISSIONS,
    Permission,
    Role,
    principal,
)


def test_every_role_has_its_permissions() -> None:
    assert list(ROLE_PERMISSIONS) == list(Role)


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(Role)))
def test_each_role_may_do_what_the_one_before_it_may(lower: Role, higher: Role) -> None:
    assert ROLE_PERMISSIONS[lower] <= ROLE_PERMISSIONS[higher]


def test_an_owner_may_do_everything() -> None:
    assert ROLE_PERMISSIONS[Role.OWNER] == frozenset(Permission) - CAPABILITIES - OWN


def test_a_reader_may_not_upload() -> None:
    assert Permission.REGISTRY_UPLOAD not in ROLE_PERMISSIONS[Role.READER]


def test_a_writer_may_upload() -> None:
    assert Permission.REGISTRY_UPLOAD in ROLE_PERMISSIONS[Role.WRITER]


@pytest.mark.parametrize("permission", Permission)
def test_a_permission_is_named_resource_and_action(permission: Permission) -> None:
    resource, action = permission.value.split(":")

    assert permission.name == f"{resource}_{action}".upper()


def test_a_principal_names_role_and_scope() -> None:
    assert principal("writer", "registry", 7) == "writer@registry:7"
