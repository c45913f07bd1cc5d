"""The global settings of OpenSIPS 3.6, `name = value` at the top level of a script, and what kind of value each takes.

Every name here is a keyword of the language: none may serve as a bare route, event or function name.
"""

from __future__ import annotations

from typing import Final, Literal

#: flag      a number, or one of the words yes/no, true/false, on/off, enable/disable
#: number    an unsigned number          signed    a number that may carry a sign
#: string    a text in quotes            word      a bare word
#: text      a text in quotes or a bare word
#: tos       a number or a bare word
#: workers   a number, perhaps followed by `use_auto_scaling_profile WORD`
#: socket, alias, address, blacklist, group, profile: a small grammar of their own (grammar.lark)
Kind = Literal[
    "flag",
    "number",
    "signed",
    "string",
    "word",
    "text",
    "tos",
    "workers",
    "socket",
    "alias",
    "address",
    "blacklist",
    "group",
    "profile",
]

_BY_KIND: Final[dict[Kind, str]] = {
    "flag": """
        abort_on_assert auto_aliases check_via debug_mode disable_503_translation disable_core_dump
        disable_dns_blacklist disable_dns_failover disable_stateless_fwd dns dns_try_ipv6 dns_try_naptr
        dns_use_search_list enable_asserts log_event_enabled log_stderror log_stdout mcast_loopback mem_warming
        mem_warming_enabled mhomed rev_dns server_signature sip_warning stderror_enabled syslog_enabled
        tcp_keepalive tcp_parallel_read_on_workers xlog_force_color
    """,
    "number": """
        advertised_port auto_scaling_cycle db_max_async_connections dns_retr_no dns_retr_time dns_servers_no
        event_pkg_threshold event_shm_threshold exec_dns_threshold exec_msg_threshold execdnsthreshold
        execmsgthreshold log_json_buf_size log_msg_buf_size max_while_loops maxbuffer mcast_ttl
        mem_warming_percentage open_files_limit pv_print_buf_size query_buffer_size query_flush_time
        restart_persistency_size shm_hash_split_percentage shm_secondary_hash_size tcp_accept_aliases
        tcp_connect_timeout tcp_connection_lifetime tcp_keepcount tcp_keepidle tcp_keepinterval
        tcp_max_connections tcp_max_msg_time tcp_socket_backlog tcp_threshold tcpthreshold xlog_buf_size
        xlog_print_level
    """,
    "signed": """
        log_event_level_filter log_level mem_dump mem_log memdump memlog shm_memlog_size stderror_level_filter
        syslog_level_filter xlog_level
    """,
    "string": """
        db_default_url db_version_table log_name log_prefix mem_warming_pattern_file mpath
        restart_persistency_cache_file server_header stderror_log_format syslog_log_format syslog_name
        user_agent_header
    """,
    "word": "log_facility syslog_facility tcp_no_new_conn_bflag tcp_no_new_conn_rplflag",
    "text": "chroot poll_method wdir workdir",
    "tos": "tos",
    "workers": "tcp_workers timer_workers udp_workers",
    "socket": "listen socket",
    "alias": "alias",
    "address": "advertised_address",
    "blacklist": "dst_blacklist",
    "group": "mem-group",
    "profile": "auto_scaling_profile",
}

#: name of a setting -> the kind of value it takes
GLOBALS: Final[dict[str, Kind]] = {name: kind for kind, names in _BY_KIND.items() for name in names.split()}

#: what to tell someone who wrote a value of another kind
EXPECTED: Final[dict[Kind, str]] = {
    "flag": "a number, or one of yes, no, on, off, true, false",
    "number": "a number",
    "signed": "a number",
    "string": "a text in quotes",
    "word": "a bare word",
    "text": "a text in quotes or a bare word",
    "tos": "a number or a bare word such as IPTOS_LOWDELAY",
    "workers": "a number",
    "socket": "a socket such as udp:127.0.0.1:5060",
    "alias": "a host name or an address",
    "address": "a host name or an address",
    "blacklist": "a list such as NAME: { 10.0.0.0/8 }",
    "group": 'a name and module names such as "one": "tm" "dialog"',
    "profile": "a profile such as NAME scale up to 6 on 70% for 4 cycles",
}
