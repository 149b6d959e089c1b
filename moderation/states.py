"""The life of an item on the reviewers' desk."""

from common.states import graph

OPEN = "open"
CLAIMED = "claimed"
SETTLING = "settling"
DONE = "done"

REVIEW_STATES = graph(
    "review item",
    initial=OPEN,
    edges={
        OPEN: [CLAIMED, DONE],
        CLAIMED: [OPEN, SETTLING, DONE],
        SETTLING: [OPEN, CLAIMED, DONE],
        DONE: [],
    },
)

UNFINISHED_REVIEWS = (OPEN, CLAIMED, SETTLING)
