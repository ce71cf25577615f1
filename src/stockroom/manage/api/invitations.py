"""Invitations to a team."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from msgspec import Struct

from stockroom.mail import Mailer
from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, authority, number_of, read, seen_by
from stockroom.manage.api.members import RoleName
from stockroom.manage.api.operations import outcome
from stockroom.manage.api.parameters import Numbered
from stockroom.manage.invitations import Invitations
from stockroom.manage.people import queries
from stockroom.manage.people.rows import InvitationReport, NewInvitation
from stockroom.manage.problems import InvalidText, InvitationAccepted
from stockroom.resources import InvitationResource, TeamResource
from stockroom.security.permissions import Role
from stockroom.settings import Settings
from stockroom.web import Request

INVITATION = """\
You are invited to be {role} of the team {team}. Follow this link within seven days:

{link}

It is good for one person. If you expect no invitation, do nothing.
"""


class InvitationBody(Struct, forbid_unknown_fields=True):
    """Whom to invite, and in which role."""

    role: RoleName
    email: str | None = None


class InvitationPage(Struct):
    """Invitations, the oldest first."""

    invitations: list[InvitationReport]
    next: int | None


def list_invitations(context: TeamResource, request: Request, query: Numbered) -> InvitationPage:
    """List the invitations to a team, and what has become of them."""
    with read(request) as connection:
        rows = queries.invitations(
            connection,
            context.scope,
            datetime.now(UTC),
            limit=query.limit + 1,
            after=query.after,
        )
    return page(InvitationPage, rows, query.limit, "id")


@outcome(InvalidText, status=HTTPStatus.CREATED)
def create_invitation(
    context: TeamResource, request: Request, body: InvitationBody
) -> NewInvitation:
    """Invite somebody in a role up to one's own, by a link that is shown this once only.

    It is good for one person and for seven days, as long as whoever made it may give the role.
    """
    role = Role(body.role)
    authority(request).check(role, context.scope)
    session = request.new_session()
    row, minted = Invitations(session, actor(request)).create(context.scope, role, body.email)
    [report] = queries.invitations(
        seen_by(session), context.scope, datetime.now(UTC), limit=1, after=row.id - 1
    )
    link = join_link(request, minted.secret)
    if report.email is not None and request.service(Settings).base_url is not None:
        text = INVITATION.format(team=context.row.name, role=role, link=link)
        subject = f"Invitation to the team {context.row.name}"
        _send_once_committed(request, report.email, subject, text)
    return NewInvitation(report, link)


@outcome(InvitationAccepted)
def revoke_invitation(context: InvitationResource, request: Request) -> None:
    """Revoke an invitation; its link is good for nothing then."""
    invitations = Invitations(request.new_session(), actor(request))
    invitations.revoke(context.team.scope, number_of(context))


def join_link(request: Request, secret: str) -> str:
    """The link of an invitation; without ``stockroom.base_url`` a path on this server.

    Never made from the Host header, which whoever asks may have bent.
    """
    return f"{request.service(Settings).base_url or ''}/join/{secret}"


def _send_once_committed(request: Request, to: str, subject: str, text: str) -> None:
    mailer = request.service(Mailer)

    def send(committed: bool) -> None:
        if committed:
            mailer.send(to, subject, text)

    request.tm.get().addAfterCommitHook(send)
