"""The worker, with less patience than it has, so that a test need not have more."""

from dataclasses import replace

from fitserve.serving import worker
from fitserve.serving.connection import Terms


class Worker(worker.Worker):
    def terms(self, limit: int) -> Terms:
        given = super().terms(limit)
        return replace(given, spool=600_000, idle=1.5, head=1.0, piece=1.0, linger=0.3, longest=1.0)
