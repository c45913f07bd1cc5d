"""OpenSIPS 4.0 runs an event that an event route raises at once, inside the statement: what kills the server then, or
hangs it, and what reads otherwise than in 3.6. How it is found out stands in `inline`, which 3.6 does not import."""

from __future__ import annotations

from collections.abc import Iterator

from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Subject


@rule(
    "inline-raise-crash",
    "OpenSIPS 4.0: a run of this event route kills the server, or hangs it",
    versions=("4.0",),
    fires=(
        """
        event_route[E_A] { raise_event("E_B"); raise_event("E_B"); raise_event("E_B"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        event_route[E_A] { raise_event("E_B"); raise_event("E_B"); route(report); }
        route[report] { xlog("reported\\n"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        log_event_enabled = yes
        xlog_level = 4
        event_route[E_CORE_LOG] { $shv(lines) += 1; }
        event_route[E_A] { raise_event("E_B"); xlog("after\\n"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
        'event_route[E_PROFILING_SCRIPT] { xlog("$param(name)\\n"); }',
    ),
    quiet=(
        """
        event_route[E_A] { raise_event("E_B"); raise_event("E_B"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        event_route[E_A] { route(report); }
        route[report] { raise_event("E_B"); raise_event("E_B"); raise_event("E_B"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        timer_route[minute, 60] { raise_event("E_B"); raise_event("E_B"); raise_event("E_B"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
    ),
)
def inline_raise_crash(subject: Subject) -> Iterator[Finding]:
    """An event raised in an event route runs at once, inside `raise_event`, and the third one in a run kills the whole
    server: its stack of routes is one shorter after each. In a called route one more is possible, and a second event
    route on the same event counts as a second event. So does a `route(...)` after two. A line logged after such
    an event kills it at once where E_CORE_LOG has a route and `xlog_level` is 4. A route on E_PROFILING_SCRIPT raises
    that event itself, and the worker never returns. Sockets do not count, and neither does what timer, startup and
    request routes raise: that is queued, as all events were in 3.6. Seen on 4.0.1."""
    from evroute_kernel.lang.lints.inline import crashes

    return crashes.inline_raise_crash(subject)


@rule(
    "inline-raise-may-crash",
    "OpenSIPS 4.0: a run of this event route kills the server if it takes a certain way, or once somebody subscribes",
    severity="info",
    versions=("4.0",),
    fires=(
        """
        event_route[E_A] {
            for ($json(item) in $(json(list)[*])) raise_event("E_B");
        }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        event_route[E_A] {
            raise_event("E_B"); raise_event("E_B");
            if ($param(urgent) == 1) raise_event("E_B");
        }
        event_route[E_B] { xlog("b\\n"); }
        """,
        'event_route[E_A] { raise_event("E_B"); raise_event("E_B"); raise_event("E_B"); }',
    ),
    quiet=(
        """
        event_route[E_A] {
            if ($param(urgent) == 1) raise_event("E_B"); else raise_event("E_C");
            raise_event("E_B");
        }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        startup_route { subscribe_event("E_B", "udp:192.0.2.7:9000"); }
        event_route[E_A] { raise_event("E_B"); raise_event("E_B"); raise_event("E_B"); }
        """,
    ),
)
def inline_raise_may_crash(subject: Subject) -> Iterator[Finding]:
    """As `inline-raise-crash`, but it depends on what happens: how often a loop goes round, which branch is taken,
    whether an event route subscribes that is not there yet. Of each event route the first such place is told."""
    from evroute_kernel.lang.lints.inline import crashes

    return crashes.inline_raise_may_crash(subject)


@rule(
    "after-inline-raise",
    "OpenSIPS 4.0: an AVP, or `$route`, is read after an event that was raised in an event route: it is gone",
    versions=("4.0",),
    fires=(
        """
        event_route[E_A] {
            $avp(caller) = $param(caller);
            raise_event("E_B");
            xlog("done for $avp(caller)\\n");
        }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        event_route[E_A] { raise_event("E_B"); xlog("$route.name is done\\n"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
    ),
    quiet=(
        """
        event_route[E_A] {
            $var(caller) = $param(caller);
            raise_event("E_B");
            xlog("done for $var(caller)\\n");
        }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        event_route[E_A] {
            $avp(v) = 1; raise_event("E_B", , $avp(v));
            $avp(v) = 2; raise_event("E_B", , $avp(v));
        }
        event_route[E_B] { xlog("b\\n"); }
        """,
        """
        timer_route[minute, 60] { $avp(v) = 1; raise_event("E_B"); xlog("$avp(v)\\n"); }
        event_route[E_B] { xlog("b\\n"); }
        """,
    ),
)
def after_inline_raise(subject: Subject) -> Iterator[Finding]:
    """The event's route runs inside `raise_event` and takes all AVPs with it: afterwards they are null, whoever set
    them, and `$route` and its kin are null too. In 3.6 they stay. What is needed later goes into a `$var` first."""
    from evroute_kernel.lang.lints.inline import effects

    return effects.after_inline_raise(subject)


@rule(
    "avp-loop-raise",
    "OpenSIPS 4.0: a loop over an AVP raises an event, and ends with the first item",
    versions=("4.0",),
    fires="""
        event_route[E_A] {
            for ($var(user) in $(avp(users)[*])) { $shv(n) += 1; raise_event("E_B"); }
        }
        event_route[E_B] { xlog("b\\n"); }
    """,
    quiet="""
        event_route[E_A] { for ($var(user) in $(avp(users)[*])) $shv(n) += 1; raise_event("E_B"); }
        event_route[E_B] { xlog("b\\n"); }
    """,
)
def avp_loop_raise(subject: Subject) -> Iterator[Finding]:
    """The route of the event takes all AVPs with it, those that the loop has not come to as well. In 3.6 it goes round
    for each. One event that holds them all, in JSON, serves both versions."""
    from evroute_kernel.lang.lints.inline import effects

    return effects.avp_loop_raise(subject)


@rule(
    "inline-raise-var",
    "OpenSIPS 4.0: a `$var` is read after an event whose route has overwritten it",
    severity="info",
    versions=("4.0",),
    fires="""
        event_route[E_A] {
            $var(user) = $param(user);
            raise_event("E_B");
            xlog("$var(user)\\n");
        }
        event_route[E_B] { $var(user) = "none"; }
    """,
    quiet="""
        event_route[E_A] {
            $var(user) = $param(user);
            raise_event("E_B");
            xlog("$var(user)\\n");
        }
        event_route[E_B] { if ($param(user) == NULL) $var(user) = "none"; }
    """,
)
def inline_raise_var(subject: Subject) -> Iterator[Finding]:
    """Both routes share the `$var` of the process. In 3.6 the route of the event ran after the one that raised it."""
    from evroute_kernel.lang.lints.inline import effects

    return effects.inline_raise_var(subject)


@rule(
    "late-for-inline-raise",
    "OpenSIPS 4.0: what the route of an event reads is set after the event has been raised, and so too late",
    severity="info",
    versions=("4.0",),
    fires="""
        event_route[E_A] {
            raise_event("E_B");
            $shv(reason) = "overload";
        }
        event_route[E_B] { xlog("because of $shv(reason)\\n"); }
    """,
    quiet="""
        event_route[E_A] {
            $shv(reason) = "overload";
            raise_event("E_B");
            $shv(done) = 1;
        }
        event_route[E_B] { xlog("because of $shv(reason)\\n"); }
    """,
)
def late_for_inline_raise(subject: Subject) -> Iterator[Finding]:
    """In 3.6 the event waits until the route that raised it has ended, and its route finds what was set meanwhile. Set
    it before `raise_event`: that is right in both."""
    from evroute_kernel.lang.lints.inline import effects

    return effects.late_for_inline_raise(subject)
