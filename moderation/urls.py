"""Statements, reports and appeals below `/api/v1/`."""

from django.urls import path

from moderation.views import (
    NoticeAppealView,
    NoticeView,
    ReportsView,
    StatementAppealView,
    StatementsView,
    StatementView,
    TakedownsView,
)

app_name = "moderation"

urlpatterns = [
    path("statements", StatementsView.as_view(), name="statements"),
    path("statements/<uuid:statement_id>", StatementView.as_view(), name="statement"),
    path(
        "statements/<uuid:statement_id>/appeal",
        StatementAppealView.as_view(),
        name="statement-appeal",
    ),
    path("reports", ReportsView.as_view(), name="reports"),
    path("reports/<uuid:notice_id>", NoticeView.as_view(), name="report"),
    path("reports/<uuid:notice_id>/appeal", NoticeAppealView.as_view(), name="report-appeal"),
    path("takedowns", TakedownsView.as_view(), name="takedowns"),
]
