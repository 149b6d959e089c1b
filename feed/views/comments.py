"""What is said under clips."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.idempotency import idempotent
from common.limits import PersonLimit, VisitorLimit
from common.pagination import NewestFirst, OldestFirst, page_request
from common.schema import page_parameters, paged
from feed.services.posting import post_comment, take_comment_away
from feed.views.clips import ReadByAnyone
from social.limits import CommentsPerPerson
from social.selectors.comments import comments_on, replies_to, thread_for
from social.selectors.shown import shown_clip
from social.serializers import CommentSerializer

COMMENTS = NewestFirst("comments")
REPLIES = OldestFirst("replies")


class CommentsView(APIView):
    """What is said under a clip."""

    permission_classes = [ReadByAnyone]
    throttle_classes = [VisitorLimit, PersonLimit, CommentsPerPerson]

    @extend_schema(parameters=page_parameters(), responses=paged(CommentSerializer))
    def get(self, request: Request, clip_id: UUID) -> Response:
        """List comments, newest first; replies are listed below each."""
        asked = page_request(request.query_params)
        clip = shown_clip(request.user, clip_id)
        comments = comments_on(clip, viewer=request.user)
        rows = COMMENTS.ordered(comments, asked.cursor)[: asked.limit + 1]
        page = COMMENTS.cut(list(rows), limit=asked.limit, position=lambda row: (None, row.pk))
        return Response(page.body(lambda row: CommentSerializer(row).data))

    @extend_schema(request=CommentSerializer, responses={201: CommentSerializer})
    @idempotent()
    def post(self, request: Request, clip_id: UUID) -> Response:
        """Say something, or answer what is said."""
        asked = CommentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        text, answered = asked.validated_data["text"], asked.validated_data.get("reply_to_id")
        comment = post_comment(
            user_of(request), clip_id, text=text, reply_to=answered, now=timezone.now()
        )
        return Response(CommentSerializer(comment).data, status=201)


class RepliesView(APIView):
    """What is answered to a comment."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=page_parameters(), responses=paged(CommentSerializer))
    def get(self, request: Request, comment_id: UUID) -> Response:
        """List a comment's replies, oldest first."""
        asked = page_request(request.query_params)
        replies = replies_to(thread_for(request.user, comment_id), viewer=request.user)
        rows = REPLIES.ordered(replies, asked.cursor)[: asked.limit + 1]
        page = REPLIES.cut(list(rows), limit=asked.limit, position=lambda row: (None, row.pk))
        return Response(page.body(lambda row: CommentSerializer(row).data))


class CommentView(APIView):
    """One comment."""

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Removed.")})
    def delete(self, request: Request, comment_id: UUID) -> Response:
        """Remove a comment of mine, or under a clip of mine; moderators remove any."""
        take_comment_away(user_of(request), comment_id, now=timezone.now())
        return Response(status=204)
