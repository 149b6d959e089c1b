"""The object store this deployment is configured for."""

import os
from functools import cache

from django.conf import settings

from common.storage import ObjectStore, store_from


@cache
def store() -> ObjectStore:
    """The one object store: a bucket when S3_BUCKET is set, else the data folder."""
    return store_from(os.environ, data_folder=settings.REVERIE_DATA)
