"""Who may do what: each role may do all that the ones before it may."""

from typing import TypeAlias

from django.contrib.auth.models import AnonymousUser

from accounts.models import Role, User
from common.errors import Denied

Viewer: TypeAlias = User | AnonymousUser

RANKS = {role: rank for rank, role in enumerate(Role.values)}


def has_role(viewer: Viewer, role: Role) -> bool:
    """Whether `viewer` is a person in good standing with at least this role."""
    if not isinstance(viewer, User) or not viewer.is_active:
        return False
    return RANKS[viewer.role] >= RANKS[role]


def require_role(viewer: Viewer, role: Role) -> None:
    """Pass for who has the role.  Raises Denied for anybody else."""
    if not has_role(viewer, role):
        raise Denied(f"This needs the role {role.value}; ask an admin for it.")
