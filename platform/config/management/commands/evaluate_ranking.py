"""`manage.py evaluate_ranking --interactions FILE.csv --split leave-last-out|time`."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feed.ranking.evaluation import CUT, SPLITS, UnableToEvaluate, evaluate
from feed.ranking.interactions import UnableToReadInteractions, read_interactions


class Command(BaseCommand):
    """Measures the feed's own ranking on a log of interactions, with baselines beside it."""

    help = "Print recall@20 and NDCG@20 of the feed's ranking on a log of interactions, as JSON."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which log, and how it is split."""
        parser.add_argument(
            "--interactions",
            type=Path,
            required=True,
            metavar="FILE.csv",
            help="columns user, item, timestamp (seconds since the epoch), with a header",
        )
        parser.add_argument("--split", choices=SPLITS, required=True)
        parser.add_argument(
            "--cut", type=float, default=CUT, help="for time: the share of events that is seen"
        )
        parser.add_argument("--seed", type=int, default=0)

    def handle(
        self, *, interactions: Path, split: str, cut: float, seed: int, **_options: Any
    ) -> None:
        """Raises CommandError for a file that is no log, and for a cut that leaves nothing."""
        if not 0 < cut < 1:
            raise CommandError("--cut is a share between 0 and 1.")
        try:
            found = evaluate(read_interactions(interactions), split, cut=cut, seed=seed)
        except (UnableToReadInteractions, UnableToEvaluate) as error:
            raise CommandError(error.message) from error
        self.stdout.write(json.dumps(found.as_json(), indent=2))
