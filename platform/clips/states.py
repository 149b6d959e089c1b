"""The life of a clip."""

from common.states import graph

SUBMITTED = "submitted"
SCREENING = "screening"
HELD = "held"
PUBLISHED = "published"
REJECTED = "rejected"
WITHDRAWN = "withdrawn"
DELETED = "deleted"

CLIP_STATES = graph(
    "clip",
    initial=SUBMITTED,
    edges={
        SUBMITTED: [SCREENING, DELETED],
        SCREENING: [SUBMITTED, PUBLISHED, HELD, REJECTED, DELETED],
        HELD: [SUBMITTED, PUBLISHED, REJECTED, WITHDRAWN, DELETED],
        PUBLISHED: [PUBLISHED, SUBMITTED, HELD, WITHDRAWN, DELETED],
        REJECTED: [PUBLISHED, DELETED],
        WITHDRAWN: [PUBLISHED, DELETED],
        DELETED: [],
    },
)
