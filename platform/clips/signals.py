"""News of clips for the floors above; sent after commit, each with `clip_id` (a UUID)."""

from django.dispatch import Signal

clip_submitted = Signal()
clip_published = Signal()
clip_withdrawn = Signal()
