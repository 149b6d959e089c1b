"""How often one may report having watched."""

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class ViewsPerPerson(SimpleRateThrottle):
    """All views one person, or one address, reports."""

    scope = "views"
    rate = "120/min"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """One bucket per person, or per address for visitors."""
        person = request.user.pk or self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": person}


class ViewsPerClip(ViewsPerPerson):
    """The views one person reports of one clip: nobody makes a clip popular by a loop."""

    scope = "views_of_clip"
    rate = "6/min"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """One bucket per person and clip."""
        person = super().get_cache_key(request, view)
        return f"{person}:{view.kwargs['clip_id']}"
