"""Valkey, as every room may use it: it holds only what can be made again."""

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


@cache
def valkey() -> redis.Redis:
    """This process's connections to Valkey."""
    return redis.Redis.from_url(
        settings.VALKEY_URL,
        socket_timeout=1,
        socket_connect_timeout=1,
        retry=Retry(NoBackoff(), retries=1),
    )
