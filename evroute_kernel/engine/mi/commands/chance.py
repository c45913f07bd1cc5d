"""The probability that processes share for rand_event() of module cfgutils."""

from __future__ import annotations

from evroute_kernel.engine.mi.arguments import Arguments
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import CommandError
from evroute_kernel.library.functions import cfgutils


@command("rand_set_prob", "cfgutils:rand_set_prob", "prob_proc", exporter="cfgutils")
def rand_set_prob(management: Management, given: Arguments) -> str:
    """Set the probability, in percent; above 100 is refused."""
    percent = given.integer("prob_proc")
    if percent > 100:
        raise CommandError(400, "Bad parameter value")
    cfgutils.set_shared_probability(management.process(), percent)
    return "OK"


@command("rand_reset_prob", "cfgutils:rand_reset_prob", exporter="cfgutils")
def rand_reset_prob(management: Management, given: Arguments) -> str:
    """Set the probability back to what scripts have set it to at first: 10 percent, unless they do."""
    process = management.process()
    cfgutils.set_shared_probability(process, cfgutils.initial_probability(process))
    return "OK"


@command("rand_get_prob", "cfgutils:rand_get_prob", exporter="cfgutils")
def rand_get_prob(management: Management, given: Arguments) -> dict[str, int]:
    """Tell the probability."""
    return {"actual probability percent": cfgutils.shared_probability(management.process())}
