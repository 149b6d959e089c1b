"""Statements, reports and appeals, as JSON."""

from typing import Any

from rest_framework import serializers

from moderation.models.appeals import Appeal
from moderation.models.judging import Restriction, Source, Subject
from moderation.models.notices import Notice, NoticeKind, NoticeOutcome, Relation
from moderation.models.statements import Automation, Ground, Statement
from moderation.policy.reasons import headline, limits_in_words
from moderation.policy.reporting import REPORTABLES
from moderation.selectors.notices import notice_key, notice_url
from moderation.selectors.statements import appeal_until, policy_url


class AppealStateSerializer(serializers.Serializer[Appeal]):
    """An appeal, and what became of it."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    is_upheld = serializers.BooleanField(
        allow_null=True, help_text="True: the decision stands. False: it fell. Null: undecided."
    )
    reason = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)


class StatementSerializer(serializers.Serializer[Statement]):
    """A statement of reasons: what was restricted, why, and how to appeal."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    restriction = serializers.ChoiceField(choices=Restriction.values)
    headline = serializers.SerializerMethodField()
    subject = serializers.ChoiceField(choices=Subject.values)
    subject_id = serializers.UUIDField()
    limits = serializers.ListField(child=serializers.CharField())
    limits_in_words = serializers.SerializerMethodField()
    until = serializers.DateTimeField(allow_null=True)
    explanation = serializers.CharField()
    facts = serializers.CharField()
    ground = serializers.ChoiceField(choices=Ground.values)
    legal_ground = serializers.CharField()
    category = serializers.CharField()
    category_title = serializers.CharField()
    policy_version = serializers.CharField()
    policy_url = serializers.SerializerMethodField()
    origin = serializers.ChoiceField(choices=Source.values, source="source")
    is_detected_automatically = serializers.BooleanField()
    automation = serializers.ChoiceField(choices=Automation.values)
    ended_at = serializers.DateTimeField(allow_null=True)
    reversed_at = serializers.DateTimeField(allow_null=True)
    appeal_until = serializers.SerializerMethodField()
    appeal = serializers.SerializerMethodField()

    def get_headline(self, statement: Statement) -> str:
        """What happened, in a sentence."""
        return headline(statement.restriction)

    def get_limits_in_words(self, statement: Statement) -> list[str]:
        """What each limit means."""
        return limits_in_words(frozenset(statement.limits))

    def get_policy_url(self, statement: Statement) -> str:
        """Where the rule is explained."""
        return policy_url(statement.category)

    def get_appeal_until(self, statement: Statement) -> str:
        """Until when it can be appealed."""
        return appeal_until(statement).isoformat()

    def get_appeal(self, statement: Statement) -> dict[str, Any] | None:
        """The appeal, if there is one."""
        appeal = getattr(statement, "appeal", None)
        return dict(AppealStateSerializer(appeal).data) if appeal else None


class AppealRequestSerializer(serializers.Serializer[Any]):
    """What is wrong with a decision."""

    text = serializers.CharField(help_text="10 to 5,000 characters.")
    quoted = serializers.CharField(
        required=False,
        default="",
        trim_whitespace=False,
        allow_blank=True,
        help_text="The words that were refused, exactly: they are not kept here.",
    )


class NoticeAppealSerializer(serializers.Serializer[Any]):
    """What is wrong with the answer to a report; `key` is from its receipt."""

    key = serializers.CharField()
    text = serializers.CharField(help_text="10 to 5,000 characters.")


class ReportSerializer(serializers.Serializer[Any]):
    """A report; name and e-mail are needed without an account, save for the abuse of a child."""

    content = serializers.CharField(
        max_length=500, help_text="The address or the id of a clip, a comment or a profile."
    )
    category = serializers.ChoiceField(choices=list(REPORTABLES))
    explanation = serializers.CharField(help_text="10 to 5,000 characters.")
    name = serializers.CharField(required=False, default="", allow_blank=True)
    email = serializers.CharField(required=False, default="", allow_blank=True)
    good_faith = serializers.BooleanField(
        help_text="True: what is said here is accurate and complete, to the sender's knowledge."
    )


class TakedownSerializer(serializers.Serializer[Any]):
    """A request under the TAKE IT DOWN Act."""

    content = serializers.CharField(max_length=500, help_text="The address or the id of a clip.")
    explanation = serializers.CharField(help_text="10 to 5,000 characters.")
    name = serializers.CharField(required=False, default="", allow_blank=True)
    email = serializers.CharField(required=False, default="", allow_blank=True)
    relation = serializers.ChoiceField(choices=Relation.values)
    signature = serializers.CharField(max_length=200, help_text="The sender's full name.")
    good_faith = serializers.BooleanField(
        help_text="True: the picture was published without the consent of who it shows."
    )


class NoticeSerializer(serializers.Serializer[Notice]):
    """A report or a request, for who sent it; `key` opens it without a login."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=NoticeKind.values)
    category = serializers.CharField()
    received_at = serializers.DateTimeField()
    deadline_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.ChoiceField(
        choices=[("", ""), *NoticeOutcome.choices], help_text="Empty until it is decided."
    )
    outcome_reason = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    key = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    def get_key(self, notice: Notice) -> str:
        """What opens it without a login."""
        return notice_key(notice.pk)

    def get_url(self, notice: Notice) -> str:
        """Its page."""
        return notice_url(notice)
