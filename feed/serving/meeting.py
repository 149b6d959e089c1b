"""Getting to know a viewer: all that pages ask the tables of them, in one query."""

from datetime import datetime

from accounts.models import User
from feed.selectors.at_once import rows_of
from feed.selectors.histories import history_questions, known_from
from feed.serving.people import Known, keep_person, known_by_id, person_lease, relations_question
from feed.serving.viewers import keep_state, kept_state, packed
from feed.serving.wishes import keep_wishes, wishes_generation, wishes_of, wishes_question


def meet(user: User, *, now: datetime) -> Known | None:
    """The viewer's record; where there is none, wishes and history are made ready with it.

    None for who may not log in.  At most one query.  Raises RedisError.
    """
    if (who := known_by_id(user.pk)) is not None:
        return who
    lease, wishes = person_lease(user.pk), wishes_generation(user.pk)
    generation, state = kept_state(user.pk)
    relations, told, *history = rows_of(
        relations_question(user.pk),
        wishes_question(user.pk, now=now),
        *history_questions(user.pk),
    )
    if not relations:
        return None
    keep_wishes(user.pk, told, made_for=wishes)
    if state is None and wishes_of(user, now=now).is_profiled:
        keep_state(user.pk, packed(known_from(*history)), made_for=generation)
    return keep_person(user.pk, relations, lease=lease, now=now)
