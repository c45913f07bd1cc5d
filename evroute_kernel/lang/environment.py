"""What a script finds when it is checked: routes, modules and module parameters that are there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from evroute_kernel.library import everything as _everything  # noqa: F401 - fills the declaration tables
from evroute_kernel.library.catalogue import modules as catalogued
from evroute_kernel.library.catalogue.declared import EventDeclaration
from evroute_kernel.library.declarations import FUNCTIONS, MODULES, VARIABLES, Module
from evroute_kernel.spelling import Words

#: loaded without being asked for: a session is a server that was started with these
DEFAULT_MODULES: Final = frozenset(
    """
    benchmark cachedb_local cfgutils event_datagram event_flatstore event_stream event_virtual json mathops mqueue
    proto_tcp proto_udp regex sipmsgops statistics textops uuid xml
    """.split()
)

#: every module of OpenSIPS 3.6; many have no function, variable or event that the catalogue could know them by
_SERVER_MODULES: Final = frozenset(
    """
    aaa_diameter aaa_radius acc aka_av_diameter alias_db auth auth_aaa auth_aka auth_db auth_jwt b2b_entities b2b_logic
    b2b_sca b2b_sdp_demux benchmark cachedb_cassandra cachedb_couchbase cachedb_dynamodb cachedb_local cachedb_memcached
    cachedb_mongodb cachedb_redis cachedb_sql call_center call_control callops carrierroute cfgutils cgrates clusterer
    compression config cpl_c db_berkeley db_cachedb db_flatstore db_http db_mysql db_oracle db_perlvdb db_postgres
    db_sqlite db_text db_unixodbc db_virtual dialog dialplan dispatcher diversion dns_cache domain domainpolicy drouting
    emergency enum event_datagram event_flatstore event_kafka event_rabbitmq event_route event_routing event_sqs
    event_stream event_virtual event_xmlrpc example exec fraud_detection freeswitch freeswitch_scripting gflags group
    h350 http2d httpd identity imc jabber janus json jsonrpc launch_darkly ldap load_balancer lua mangler mathops maxfwd
    media_exchange mediaproxy mi_datagram mi_fifo mi_html mi_http mi_script mi_xmlrpc_ng mid_registrar mmgeoip mqueue
    msilo msrp_gateway msrp_relay msrp_ua nat_traversal nathelper options osp path peering perl permissions pi_http pike
    presence presence_callinfo presence_dfks presence_dialoginfo presence_mwi presence_reginfo presence_xcapdiff
    presence_xml prometheus proto_bin proto_bins proto_hep proto_ipsec proto_msrp proto_sctp proto_smpp proto_tcp
    proto_tls proto_udp proto_ws proto_wss pua pua_bla pua_dialoginfo pua_mi pua_reginfo pua_usrloc pua_xmpp python qos
    qrouting rabbitmq_consumer rate_cacher ratelimit regex registrar rest_client rls rr rtp.io rtp_relay rtpengine
    rtpproxy script_helper signaling sip_i sipcapture sipmsgops siprec sl sngtc snmpstats sockets_mgm speeddial
    sql_cacher sqlops sst statistics status_report stir_shaken stun tcp_mgm textops tls_mgm tls_openssl tls_wolfssl tm
    topology_hiding tracer trie uac uac_auth uac_redirect uac_registrant userblacklist usrloc uuid xcap xcap_client xml
    xmpp
    """.split()
)

#: parameters of default modules that nothing in the library declares, because they change nothing here
_PARAMETERS: Final[dict[str, dict[str, str]]] = {
    "benchmark": {"enable": "int", "granularity": "int", "loglevel": "int"},
    "event_datagram": {},
    "event_flatstore": {
        "delimiter": "string",
        "escape_delimiter": "string",
        "file_permissions": "string",
        "max_open_sockets": "int",
        "rotate_count": "any",
        "rotate_period": "int",
        "rotate_size": "any",
        "suffix": "string",
        "suppress_event_name": "int",
    },
    "event_stream": {"event_param": "string", "reliable_mode": "int", "timeout": "int"},
    "event_virtual": {"failover_timeout": "int"},
    "json": {"enable_long_quoting": "int"},
    "mathops": {"decimal_digits": "int"},
    "mqueue": {"db_url": "string", "mqueue": "string"},
    "regex": {
        "file": "string",
        "group_max_size": "int",
        "max_groups": "int",
        "pcre_caseless": "int",
        "pcre_dotall": "int",
        "pcre_extended": "int",
        "pcre_multiline": "int",
    },
    "sipmsgops": {},
    "statistics": {"stat_groups": "string", "stat_series_profile": "string", "variable": "string"},
    "textops": {},
    "uuid": {},
    "xml": {},
}


@dataclass(frozen=True, slots=True)
class Environment:
    """What other texts of a session provide.

    `routes` maps (kind, name), such as `("route", "block_ip")`, to whatever tells where it is defined; the text that is
    checked may define them anew. `modules` are loaded; `modparams` holds every value given for (module, parameter), in
    order; `events` are names that users declared as their own, `declared_events` what they said of their parameters.
    """

    routes: Mapping[tuple[str, str], object] = field(default_factory=dict)
    modules: frozenset[str] = DEFAULT_MODULES
    modparams: Mapping[tuple[str, str], Sequence[int | str]] = field(default_factory=dict)
    events: frozenset[str] = frozenset()
    declared_events: Mapping[str, EventDeclaration] = field(default_factory=dict)


@cache
def known_modules() -> frozenset[str]:
    """Names that `loadmodule` accepts."""
    declared = {d.module for table in (FUNCTIONS, VARIABLES) for d in table.values()}
    return (_SERVER_MODULES | catalogued() | declared | set(MODULES)) - {"core"}


@cache
def module_words() -> Words:
    """The same, to look up what a wrong name was meant for."""
    return Words(sorted(known_modules()))


def module_declaration(name: str) -> Module | None:
    """What is known about a module's parameters; None when any may be set."""
    if name in MODULES:
        return MODULES[name]
    return Module(name, _PARAMETERS[name]) if name in _PARAMETERS else None
