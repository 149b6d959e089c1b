"""What beat rings for exists."""

from config.celery import app


def test_every_task_on_the_schedule_is_a_task() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {"social.add_counts", "accounts.forget_replies"} <= scheduled
    assert scheduled <= set(app.tasks)
