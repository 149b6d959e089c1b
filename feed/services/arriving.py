"""Count where people come from who open a clip's page."""

from datetime import datetime

from django.db import connection

from accounts.permissions import Viewer
from clips.models import Clip
from clips.states import PUBLISHED
from feed.models.arrivals import CameFrom

ADD = """
INSERT INTO feed_arrival (clip_id, day, came_from, count) VALUES (%s, %s, %s, 1)
ON CONFLICT (clip_id, day, came_from) DO UPDATE SET count = feed_arrival.count + 1
"""


def note_arrival(viewer: Viewer, clip: Clip, came_from: CameFrom, *, now: datetime) -> None:
    """Count that a published clip's page was opened; its author's own visits are not counted.

    Which viewer it was is not kept.
    """
    if clip.state != PUBLISHED or clip.author_id == viewer.pk:
        return
    with connection.cursor() as cursor:
        cursor.execute(ADD, [clip.pk, now.date(), came_from])
