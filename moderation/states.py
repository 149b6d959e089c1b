"""The life of an item on the reviewers' desk, and of a version of the policy."""

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

DRAFT = "draft"
SHADOW = "shadow"
ACTIVE = "active"
RETIRED = "retired"

POLICY_STATES = graph(
    "policy version",
    initial=DRAFT,
    edges={
        DRAFT: [SHADOW, ACTIVE, RETIRED],
        SHADOW: [DRAFT, ACTIVE, RETIRED],
        ACTIVE: [RETIRED],
        RETIRED: [],
    },
)
