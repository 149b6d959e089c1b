"""The life of an upload."""

from common.states import graph

RECEIVED = "received"
PROCESSING = "processing"
COMPLETED = "completed"
FAILED = "failed"
DELETED = "deleted"

UPLOAD_STATES = graph(
    "upload",
    initial=RECEIVED,
    edges={
        RECEIVED: [PROCESSING, FAILED, DELETED],
        PROCESSING: [RECEIVED, COMPLETED, FAILED, DELETED],
        COMPLETED: [DELETED],
        FAILED: [DELETED],
        DELETED: [],
    },
)

UNFINISHED = frozenset({RECEIVED, PROCESSING})
