"""`manage.py evaluate_ranking --interactions FILE.csv --split leave-last-out|time`."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feed.ranking.evaluation import (
    CUT,
    LEAST_ASKED,
    MOST_SCORED,
    SPLITS,
    UnableToEvaluate,
    evaluate,
)
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
        parser.add_argument(
            "--queries",
            type=int,
            metavar="N",
            help="ask at most so many people, drawn by the seed; without it, all of them, or as "
            f"many as {MOST_SCORED:,} scored items are enough for (but {LEAST_ASKED:,}): what was "
            "not asked is counted in queries_not_asked",
        )
        parser.add_argument("--seed", type=int, default=0)

    def handle(
        self,
        *,
        interactions: Path,
        split: str,
        cut: float,
        seed: int,
        queries: int | None = None,
        **_options: Any,
    ) -> None:
        """Raises CommandError for a file that is no log, and for options that leave nothing."""
        if not 0 < cut < 1:
            raise CommandError("--cut is a share between 0 and 1.")
        if queries is not None and queries < 1:
            raise CommandError("--queries is 1 or more.")
        try:
            log = read_interactions(interactions)
            found = evaluate(log, split, cut=cut, most=queries, seed=seed)
        except (UnableToReadInteractions, UnableToEvaluate) as error:
            raise CommandError(error.message) from error
        self.stdout.write(json.dumps(found.as_json(), indent=2))
