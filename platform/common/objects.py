"""The object stores this deployment is configured for."""

import os
from functools import cache

from django.conf import settings

from common.storage import ObjectStore, store_from


@cache
def store() -> ObjectStore:
    """The one object store: a bucket when S3_BUCKET is set, else the data folder."""
    return store_from(os.environ, data_folder=settings.REVERIE_DATA)


@cache
def originals() -> ObjectStore:
    """Where files wait as people sent them: no address leads to them."""
    return store_from(os.environ, data_folder=settings.REVERIE_DATA, shelf="originals")
