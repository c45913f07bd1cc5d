"""Makes the first answer as quick as all others."""

from __future__ import annotations

from threading import Thread


def prepare_for_questions() -> None:
    """Import in the background what completion and inspection need, and read the facts that they tell."""
    Thread(target=_prepare, name="evroute questions", daemon=True).start()


def _prepare() -> None:
    from evroute_kernel.kernel.cell.notebook import Notebook
    from evroute_kernel.kernel.questions.completion import complete
    from evroute_kernel.kernel.questions.inspection import inspect

    # what they read first is the same in every notebook; the one that is open may be closed at any time
    complete(Notebook(), "event_route[", 12)
    inspect(Notebook(), "xlog", 2)
