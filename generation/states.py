"""The life of a generation job, in the words of the Videos API."""

from common.states import graph

QUEUED = "queued"
IN_PROGRESS = "in_progress"
COMPLETED = "completed"
FAILED = "failed"
DELETED = "deleted"

JOB_STATES = graph(
    "job",
    initial=QUEUED,
    edges={
        QUEUED: [IN_PROGRESS, FAILED, DELETED],
        IN_PROGRESS: [QUEUED, COMPLETED, FAILED, DELETED],
        COMPLETED: [DELETED],
        FAILED: [DELETED],
        DELETED: [],
    },
)

UNFINISHED = frozenset({QUEUED, IN_PROGRESS})
