"""The feed, clips and what is said under them, over HTTP."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import SAFE_METHODS, AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.idempotency import idempotent
from clips.services import delete_clip, edit_clip
from common.errors import Invalid
from common.pagination import NewestFirst, OldestFirst, Page, page_request
from common.schema import page_parameters, paged
from feed.cards import ClipCard
from feed.selectors.pages import Mode, clip_card, clips_by, page_for
from feed.serializers import ClipSerializer, PostClipSerializer, WordsSerializer
from feed.services.posting import post_comment, post_made_video, take_comment_away
from social.selectors.comments import comments_on, replies_to, thread_for
from social.selectors.shown import shown_clip
from social.serializers import CommentSerializer

COMMENTS = NewestFirst("comments")
REPLIES = OldestFirst("replies")


class FeedView(APIView):
    """The feed."""

    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[
            OpenApiParameter("mode", OpenApiTypes.STR, enum=list(Mode), default=Mode.FOR_YOU),
            *page_parameters(),
        ],
        responses=paged(ClipSerializer),
    )
    def get(self, request: Request) -> Response:
        """List clips: for you, the latest, or by the people I follow."""
        asked = page_request(request.query_params)
        mode = _mode(request.query_params.get("mode", Mode.FOR_YOU))
        page = page_for(request.user, mode=mode, asked=asked, now=timezone.now())
        return _cards(page)


class PersonClipsView(APIView):
    """A person's clips."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=page_parameters(), responses=paged(ClipSerializer))
    def get(self, request: Request, handle: str) -> Response:
        """List a person's clips, newest first; mine in every state."""
        asked = page_request(request.query_params)
        return _cards(clips_by(handle, viewer=request.user, asked=asked))


class ClipsView(APIView):
    """Posting."""

    @extend_schema(request=PostClipSerializer, responses={201: ClipSerializer})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Post a finished video of mine; it is shown once it is judged."""
        asked = PostClipSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        clip = post_made_video(user_of(request), **asked.validated_data, now=timezone.now())
        return Response(clip_card(clip.pk, viewer=request.user), status=201)


class ReadByAnyone(BasePermission):
    """Reading is for everybody, changing for who is logged in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether to go on."""
        return request.method in SAFE_METHODS or IsAuthenticated().has_permission(request, view)


class ClipView(APIView):
    """One clip."""

    permission_classes = [ReadByAnyone]

    @extend_schema(responses=ClipSerializer)
    def get(self, request: Request, clip_id: UUID) -> Response:
        """Show a clip; mine in every state."""
        return Response(clip_card(clip_id, viewer=request.user))

    @extend_schema(request=WordsSerializer, responses=ClipSerializer)
    def patch(self, request: Request, clip_id: UUID) -> Response:
        """Change what I say of my clip; new words are judged before they are shown."""
        asked = WordsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        edit_clip(user_of(request), clip_id, **asked.validated_data, now=timezone.now())
        return Response(clip_card(clip_id, viewer=request.user))

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Deleted.")})
    def delete(self, request: Request, clip_id: UUID) -> Response:
        """Take my clip away for good."""
        delete_clip(user_of(request), clip_id, now=timezone.now())
        return Response(status=204)


class CommentsView(APIView):
    """What is said under a clip."""

    permission_classes = [ReadByAnyone]

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


def _cards(page: Page[ClipCard]) -> Response:
    return Response(page.body(lambda card: card))


def _mode(text: str) -> Mode:
    if text not in list(Mode):
        raise Invalid(f"A mode is one of {', '.join(Mode)}.", field="mode")
    return Mode(text)
