"""What the web server loads."""

import os

from django.core.wsgi import get_wsgi_application

from feed.ranking.compiled import compile_kernels

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# Now, so that nobody's first page waits for it.
compile_kernels()
