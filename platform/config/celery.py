"""The queue: which worker does what, and what is done again and again."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("reverie")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 8,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        "retry_on_timeout": True,
    },
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_default_queue="cpu",
    task_routes={
        "generation.render": {"queue": "render"},
        "uploads.process": {"queue": "uploads"},
    },
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.1},
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    beat_schedule={
        name: {"task": name, "schedule": seconds, "options": {"expires": seconds * 5}}
        for name, seconds in {
            "generation.sweep": settings.SWEEP_SECONDS,
            "moderation.sweep": settings.SWEEP_SECONDS,
            "uploads.sweep": settings.SWEEP_SECONDS,
            "moderation.sweep_desk": settings.SWEEP_SECONDS,
            "moderation.refresh_desk": 60.0,
            "moderation.sweep_bans": 15.0,
            "moderation.send_letters": 5.0,
            "moderation.keep_deadlines": 10.0,
            "moderation.keep_audit_head": 60.0,
            "moderation.forget_letters": 3600.0,
            "moderation.self_test": settings.SELF_TEST_SECONDS,
            "social.add_counts": 1.0,
            "feed.write_logs": 1.0,
            "feed.count_responses": 5.0,
            "feed.keep_days": 3600.0,
            "feed.recount_responses": 21_600.0,
            "feed.work_off_changes": 1.0,
            "feed.enter_clips": 5.0,
            "feed.write_catalogue": 2.0,
            "feed.count_tags": 60.0,
            "feed.fit_models": 300.0,
            "social.send_digests": 600.0,
            "social.forget_notifications": 3600.0,
            "accounts.forget_replies": 3600.0,
        }.items()
    },
)
app.autodiscover_tasks()
