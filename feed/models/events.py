"""What viewers did, and what they were shown: logs, a partition a day.

Both tables are partitioned by `day`, the day a row was written (UTC).  Rows are only added; a day
goes as a whole when it is older than what is kept.  They have no foreign keys, which would lock
people and clips whenever a day is begun or dropped: triggers delete what speaks of somebody, or of
a clip, that is deleted.
"""

from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Now

from accounts.models import User
from clips.models import Clip
from feed.ranking.actions import Action

ACTIONS = tuple(action.value for action in Action)


class FeedEvent(models.Model):
    """Something a viewer did with a clip, or (then without a clip) with its `author`.

    `id` is made of the sender's own id for the event and of who they are, so that what is sent
    twice is written once.  `viewer` is null where nobody is to be known: for visitors, and for
    people who are not profiled.  `sequence` rises with every event of a viewer.
    """

    pk = models.CompositePrimaryKey("day", "id")
    day = models.DateField()
    id = models.UUIDField()
    sequence = models.BigIntegerField(
        db_default=Func(Value("feed_event_sequence"), function="nextval")
    )
    viewer = models.ForeignKey(
        User,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    clip = models.ForeignKey(
        Clip,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    author = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    action = models.CharField(max_length=16, choices=[(name, name) for name in ACTIONS])
    at = models.DateTimeField()
    watched_seconds = models.FloatField(default=0.0, db_default=0.0)
    duration_seconds = models.FloatField(default=0.0, db_default=0.0)
    loops = models.PositiveSmallIntegerField(default=0, db_default=0)
    is_completed = models.BooleanField(default=False, db_default=False)
    request = models.UUIDField(null=True)
    position = models.PositiveSmallIntegerField(null=True)

    class Meta:
        db_table = "feed_event"
        constraints = [
            models.CheckConstraint(name="event_action_is_known", condition=Q(action__in=ACTIONS)),
        ]
        indexes = [
            models.Index(fields=["viewer", "sequence"], name="event_by_viewer"),
            models.Index(fields=["clip"], name="event_by_clip"),
        ]


class Act(models.Model):
    """What a person did in a table of its own (a like, a comment …) and the log does not say yet.

    Written by triggers in the transaction of the act, and moved into the log by `feed.move_acts`.
    `actor`, `clip` and `person` may be gone by then; what speaks of nobody is dropped.
    """

    id = models.BigAutoField(primary_key=True)
    actor = models.UUIDField(null=True)
    clip = models.UUIDField(null=True)
    person = models.UUIDField(null=True)
    action = models.CharField(max_length=16, choices=[(name, name) for name in ACTIONS])
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "feed_act"
        indexes = [models.Index(fields=["actor", "id"], name="act_by_actor")]


class ViewerProfile(models.Model):
    """What a viewer's events up to the one numbered `through` come to: the rest is added to it.

    `meetings` are those of `feed.ranking.viewers.ViewerState`, as [number, author key, seconds
    since the epoch, strength], `authors` pairs of author key and liking with its time, `seen` a
    serialised roaring bitmap.  `through_day` is the day from which later events are looked for.
    """

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="feed_profile"
    )
    through = models.BigIntegerField(default=0)
    through_day = models.DateField()
    meetings = models.JSONField(default=list)
    authors = models.JSONField(default=list)
    seen = models.BinaryField(default=bytes)
