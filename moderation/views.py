"""Statements of reasons, reports and appeals, over HTTP."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.idempotency import idempotent
from common.pagination import NewestFirst, page_request
from common.schema import page_parameters, paged
from moderation.limits import ReportLimit
from moderation.selectors.notices import notice_for
from moderation.selectors.statements import statement_for, statements_about
from moderation.serializers import (
    AppealRequestSerializer,
    AppealStateSerializer,
    NoticeAppealSerializer,
    NoticeSerializer,
    ReportSerializer,
    StatementSerializer,
    TakedownSerializer,
)
from moderation.services.appeals import appeal_notice, appeal_statement
from moderation.services.notices import Report, TakedownRequest, report, request_takedown

STATEMENTS = NewestFirst("statements")
KEY = OpenApiParameter("key", OpenApiTypes.STR, required=True, description="From the receipt.")


class StatementsView(APIView):
    """Decisions about me."""

    @extend_schema(
        operation_id="statements_list",
        parameters=page_parameters(),
        responses=paged(StatementSerializer),
    )
    def get(self, request: Request) -> Response:
        """List the statements of reasons I was given, newest first."""
        asked = page_request(request.query_params)
        mine = statements_about(user_of(request))
        rows = STATEMENTS.ordered(mine, asked.cursor)[: asked.limit + 1]
        page = STATEMENTS.cut(list(rows), limit=asked.limit, position=lambda row: (None, row.pk))
        return Response(page.body(lambda row: StatementSerializer(row).data))


class StatementView(APIView):
    """One decision about me."""

    @extend_schema(responses=StatementSerializer)
    def get(self, request: Request, statement_id: UUID) -> Response:
        """Show a statement of reasons."""
        statement = statement_for(user_of(request), statement_id)
        return Response(StatementSerializer(statement).data)


class StatementAppealView(APIView):
    """My appeal against a decision about me."""

    throttle_classes = [*APIView.throttle_classes, ReportLimit]

    @extend_schema(request=AppealRequestSerializer, responses={201: AppealStateSerializer})
    @idempotent()
    def post(self, request: Request, statement_id: UUID) -> Response:
        """Appeal, once, within six months; a person who had no part in it decides."""
        asked = AppealRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        appeal = appeal_statement(
            user_of(request), statement_id, **asked.validated_data, now=timezone.now()
        )
        return Response(AppealStateSerializer(appeal).data, status=201)


class ReportsView(APIView):
    """Reports of content that is against the law or the rules."""

    permission_classes = [AllowAny]
    throttle_classes = [*APIView.throttle_classes, ReportLimit]

    @extend_schema(request=ReportSerializer, responses={201: NoticeSerializer})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Report a clip, a comment or a profile, with an account or without."""
        asked = ReportSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = dict(asked.validated_data)
        told = Report(is_in_good_faith=fields.pop("good_faith"), **fields)
        notice = report(request.user, told, now=timezone.now())
        return Response(NoticeSerializer(notice).data, status=201)


class TakedownsView(APIView):
    """Requests of people who are shown in an intimate way without their consent."""

    permission_classes = [AllowAny]
    throttle_classes = [*APIView.throttle_classes, ReportLimit]

    @extend_schema(request=TakedownSerializer, responses={201: NoticeSerializer})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Ask for a clip to be taken down: it is hidden at once, and decided within 48 hours."""
        asked = TakedownSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = dict(asked.validated_data)
        told = TakedownRequest(is_in_good_faith=fields.pop("good_faith"), **fields)
        notice = request_takedown(request.user, told, now=timezone.now())
        return Response(NoticeSerializer(notice).data, status=201)


class NoticeView(APIView):
    """What became of a report."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=[KEY], responses=NoticeSerializer)
    def get(self, request: Request, notice_id: UUID) -> Response:
        """Show a report or a request to who sent it."""
        notice = notice_for(notice_id, key=request.query_params.get("key", ""))
        return Response(NoticeSerializer(notice).data)


class NoticeAppealView(APIView):
    """An appeal against the answer to a report."""

    permission_classes = [AllowAny]
    throttle_classes = [*APIView.throttle_classes, ReportLimit]

    @extend_schema(request=NoticeAppealSerializer, responses={201: AppealStateSerializer})
    @idempotent()
    def post(self, request: Request, notice_id: UUID) -> Response:
        """Appeal, once, within six months; a person who had no part in it decides."""
        asked = NoticeAppealSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        appeal = appeal_notice(notice_id, **asked.validated_data, now=timezone.now())
        return Response(AppealStateSerializer(appeal).data, status=201)
