// OpenSIPS script in JupyterLab 4 and Notebook 7: a prebuilt extension that is written by hand and needs no bundler.
//
// JupyterLab loads this file and finds a module-federation container under window._JUPYTERLAB: `init` gives it the
// libraries that JupyterLab shares, `get` asks it for the module that package.json names. What a script is made of
// stands between the two markers below, in tables that the package's lexer for Pygments uses too; what follows them
// runs these tables for CodeMirror.
(() => {
  "use strict";
  const NAME = "evroute-kernel";
  const POP = "pop";
  // how far folding looks for the other brace, in characters
  const FOLDING_REACH = 200000;

  // TAGS    class of token -> tag of CodeMirror
  // COLOURS name of a theme -> variable of that theme -> colour that can be read, in the place of the theme's
  // WORDS   list -> the words that <list> stands for in a pattern
  // STATES  state -> its rules [pattern, class of token, state to enter or "pop", whether letter case is ignored], of
  //         which the first that matches wins; a text in place of a rule is a state whose rules belong here too.
  //         `otherwise` is the state to enter when no rule matches, and a `line` state ends with its line.
  // <generated> by `python -m evroute_kernel.highlighting`
  const TAGS = {
    text: null,
    word: null,
    comment: "comment",
    error: "invalid",
    keyword: "keyword",
    kind: "keyword",
    name: "variableName.definition",
    setting: "attributeName",
    function: "variableName.standard",
    variable: "variableName.special",
    transformation: "propertyName",
    string: "string",
    escape: "string.special",
    level: "atom",
    number: "number",
    constant: "bool",
    operator: "operator",
    punctuation: "punctuation",
    magic: "meta",
    option: "attributeName",
    key: "propertyName",
  };
  const COLOURS = {
    "JupyterLab Light": {
      atom: "#5a4fcf",
      comment: "#356f6f",
      error: "#cc0000",
      meta: "#8f1ae6",
      number: "#007000",
    },
    "JupyterLab Dark": {
      comment: "#60a0a0",
      def: "#3a9bf0",
      error: "#ff5555",
      meta: "#bb77ff",
    },
  };
  const WORDS = {
    kinds: [
      "branch_route", "error_route", "event_route", "failure_route", "local_route", "onreply_route", "route",
      "startup_route", "timer_route",
    ],
    constants: [
      "NULL", "disable", "enable", "false", "no", "null", "off", "on", "true", "yes",
    ],
    operators: [
      "and", "not", "or",
    ],
    settings: [
      "abort_on_assert", "advertised_address", "advertised_port", "alias", "auto_aliases", "auto_scaling_cycle",
      "auto_scaling_profile", "check_via", "chroot", "db_default_url", "db_max_async_connections", "db_version_table",
      "debug_mode", "disable_503_translation", "disable_core_dump", "disable_dns_blacklist", "disable_dns_failover",
      "disable_stateless_fwd", "dns", "dns_retr_no", "dns_retr_time", "dns_servers_no", "dns_try_ipv6",
      "dns_try_naptr", "dns_use_search_list", "dst_blacklist", "enable_asserts", "event_pkg_threshold",
      "event_shm_threshold", "exec_dns_threshold", "exec_msg_threshold", "execdnsthreshold", "execmsgthreshold",
      "listen", "log_event_enabled", "log_event_level_filter", "log_facility", "log_json_buf_size", "log_level",
      "log_msg_buf_size", "log_name", "log_prefix", "log_stderror", "log_stdout", "max_while_loops", "maxbuffer",
      "mcast_loopback", "mcast_ttl", "mem-group", "mem_dump", "mem_log", "mem_warming", "mem_warming_enabled",
      "mem_warming_pattern_file", "mem_warming_percentage", "memdump", "memlog", "mhomed", "mpath",
      "open_files_limit", "poll_method", "pv_print_buf_size", "query_buffer_size", "query_flush_time",
      "restart_persistency_cache_file", "restart_persistency_size", "rev_dns", "server_header", "server_signature",
      "shm_hash_split_percentage", "shm_memlog_size", "shm_secondary_hash_size", "sip_warning", "socket",
      "stderror_enabled", "stderror_level_filter", "stderror_log_format", "syslog_enabled", "syslog_facility",
      "syslog_level_filter", "syslog_log_format", "syslog_name", "tcp_accept_aliases", "tcp_connect_timeout",
      "tcp_connection_lifetime", "tcp_keepalive", "tcp_keepcount", "tcp_keepidle", "tcp_keepinterval",
      "tcp_max_connections", "tcp_max_msg_time", "tcp_no_new_conn_bflag", "tcp_no_new_conn_rplflag",
      "tcp_parallel_read_on_workers", "tcp_socket_backlog", "tcp_threads", "tcp_threshold", "tcp_workers",
      "tcpthreshold", "timer_workers", "tos", "udp_workers", "user_agent_header", "wdir", "workdir", "xlog_buf_size",
      "xlog_force_color", "xlog_level", "xlog_print_level",
    ],
    keywords: [
      "ACCEPT_SUBDOMAIN", "ANYCAST", "FRAG", "REUSE_PORT", "accept_subdomain", "any", "anycast", "break", "case",
      "default", "drop", "else", "exit", "expire", "for", "frag", "if", "import_file", "in", "include_file",
      "loadmodule", "modparam", "read-only", "readonly", "return", "reuse_port", "switch", "sync", "tag",
      "use_auto_scaling_profile", "use_workers", "while",
    ],
    deferring: [
      "async", "launch",
    ],
    literal_functions: [
      "assert", "error", "log",
    ],
    functions: [
      "aaa_does_uri_exist", "aaa_does_uri_user_exist", "aaa_is_user_in", "aaa_proxy_authorize", "aaa_www_authorize",
      "abort", "acc_aaa_request", "acc_db_request", "acc_evi_request", "acc_load_ctx_from_dlg", "acc_log_request",
      "acc_new_leg", "acc_unload_ctx_from_dlg", "add_blacklist_rule", "add_body_part", "add_diversion",
      "add_isup_part", "add_local_rport", "add_path", "add_path_received", "add_rcv_param", "add_rr_param",
      "add_sock_hdr", "aka_av_add", "aka_av_drop", "aka_av_drop_all", "aka_av_fail", "aka_proxy_authorize",
      "aka_proxy_challenge", "aka_www_authorize", "aka_www_challenge", "alias_db_find", "alias_db_lookup",
      "allow_register", "allow_routing", "allow_uri", "append_body_to_reply", "append_branch_old", "append_hf",
      "append_msg_branch", "append_rpid_hf", "append_time", "append_to_reply", "append_urihf", "authservice",
      "avp_print", "b2b_bridge", "b2b_bridge_request", "b2b_bridge_retry", "b2b_client_new", "b2b_delete_entity",
      "b2b_end_dlg_leg", "b2b_handle_reply", "b2b_init_request", "b2b_pass_request", "b2b_sdp_demux",
      "b2b_send_reply", "b2b_server_new", "b2b_trigger_scenario", "bind_xmpp", "bla_handle_notify", "bla_set_flag",
      "bm_log_timer", "bm_start_timer", "cache_add", "cache_counter_fetch", "cache_fetch", "cache_raw_query",
      "cache_remove", "cache_remove_chunk", "cache_store", "cache_sub", "call_blind_replace", "call_control",
      "call_transfer", "call_transfer_notify", "cc_agent_login", "cc_handle_call", "cgrates_acc", "cgrates_auth",
      "cgrates_cmd", "change_reply_status", "check_address", "check_blacklist", "check_blacklist_rule", "check_fraud",
      "check_route_param", "check_source_address", "check_time_rec", "check_user_blacklist",
      "checkcallingtranslation", "checkospheader", "checkosproute", "client_nat_test", "cluster_broadcast_req",
      "cluster_check_addr", "cluster_send_req", "cluster_send_rpl", "codec_delete", "codec_delete_except_re",
      "codec_delete_re", "codec_exists", "codec_exists_re", "codec_move_down", "codec_move_down_re", "codec_move_up",
      "codec_move_up_re", "construct_uri", "consume_credentials", "correlate", "cost_based_filtering",
      "cost_based_ordering", "cpl_process_register", "cpl_process_register_norpl", "cpl_run_script", "cr_next_domain",
      "cr_prime_route", "cr_route", "cr_user_carrier", "create_dialog", "db_does_uri_exist", "db_get_auth_id",
      "db_get_user_group", "db_is_from_authorized", "db_is_to_authorized", "db_is_user_in", "decode_contact",
      "decode_contact_header", "del_blacklist_rule", "dialoginfo_mute_branch", "dialoginfo_set",
      "dialoginfo_set_branch_callee", "dlg_inc_cseq", "dlg_on_answer", "dlg_on_hangup", "dlg_on_timeout",
      "dlg_send_sequential", "dm_send_answer", "dm_send_request", "do_accounting", "do_routing", "dp_apply_policy",
      "dp_can_connect", "dp_translate", "dr_disable", "dr_is_gw", "dr_match", "drop_accounting", "ds_count",
      "ds_get_script_attrs", "ds_is_in_list", "ds_mark_dst", "ds_next_domain", "ds_next_dst", "ds_push_script_attrs",
      "ds_select_domain", "ds_select_dst", "emergency_call", "encode_contact", "end_media_session",
      "engage_media_proxy", "enum_query", "example", "example_int", "example_str", "exec",
      "extract_pub_key_from_cert", "extract_pub_key_from_exp_mod", "failure", "fetch_dlg_value", "fix_contact",
      "fix_nated_contact", "fix_nated_register", "fix_nated_sdp", "fix_route_dialog", "force_rport",
      "force_send_socket", "force_tcp_alias", "forward", "freeswitch_esl", "get_accurate_time", "get_client_price",
      "get_dialog_info", "get_dialog_vals", "get_dialogs_by_profile", "get_dialogs_by_val", "get_dynamic_lock",
      "get_glob_headers_values", "get_profile_size", "get_redirects", "get_source_group", "get_static_lock",
      "get_timestamp", "get_updated_body_part", "get_vendor_price", "getlocaladdress", "goes_to_gw",
      "h350_auth_lookup", "h350_result_call_preferences", "h350_result_service_level", "h350_sipuri_lookup",
      "handle_publish", "handle_subscribe", "has_body", "has_body_part", "has_totag", "hep_del", "hep_get",
      "hep_relay", "hep_resume_sip", "hep_set", "http2_send_response", "i_enum_query", "imc_manager", "insert_hf",
      "ipsec_create", "is_audio_on_hold", "is_contact_registered", "is_direction", "is_dlg_flag_set",
      "is_domain_local", "is_from_gw", "is_from_local", "is_from_user_enum", "is_gflag", "is_in_profile",
      "is_ip_registered", "is_maxfwd_lt", "is_method", "is_myself", "is_peer_verified", "is_present_hf", "is_privacy",
      "is_registered", "is_rpid_user_e164", "is_uri_host_local", "is_uri_user_e164", "isbflagset", "isdsturiset",
      "isflagset", "isn_query", "jab_exit_jconf", "jab_go_offline", "jab_go_online", "jab_join_jconf",
      "jab_send_message", "janus_send_request", "json_link", "json_merge", "jsonrpc_notification", "jsonrpc_request",
      "jwt_db_authorize", "jwt_script_authorize", "kafka_publish", "lb_count_call", "lb_disable_dst",
      "lb_is_destination", "lb_is_started", "lb_next", "lb_reset", "lb_start", "lb_start_or_next",
      "ld_feature_enabled", "ldap_filter_url_encode", "ldap_result", "ldap_result_check", "ldap_result_next",
      "ldap_search", "list_hdr_add_option", "list_hdr_has_option", "list_hdr_remove_option", "load_balance",
      "load_dialog_ctx", "load_tls_mgm", "load_tls_openssl", "load_tls_wolfssl", "lookup", "loose_route", "lua_exec",
      "lua_meminfo", "m_dump", "m_store", "match_dialog", "math_ceil", "math_compare", "math_eval", "math_floor",
      "math_round", "math_round_sf", "math_rpn", "math_trunc", "mc_compact", "mc_compress", "mc_decompress",
      "media_exchange_from_uri", "media_exchange_to_call", "media_fork_from_call", "media_fork_pause",
      "media_fork_resume", "media_fork_to_uri", "media_handle_indialog", "media_terminate",
      "mf_process_maxfwd_header", "mi", "mid_registrar_lookup", "mid_registrar_save", "mmg_lookup", "move_msg_branch",
      "mq_add", "mq_fetch", "mq_pv_free", "mq_size", "msg_to_msrp", "msrp_gw_answer", "msrp_ua_answer",
      "nat_keepalive", "nat_uac_test", "next_branches", "notify_on_event", "options_reply", "pcre_match",
      "pcre_match_group", "perl_exec", "perl_exec_simple", "pike_check_req", "pkg_status", "pn_process_purr",
      "prefix", "prepareallosproutes", "prepareospresponse", "prepareosproute", "processsubscribe",
      "prometheus_declare_stat", "prometheus_push_stat", "proto_init", "proxy_authorize", "proxy_challenge",
      "pua_set_publish", "pua_update_contact", "pua_xmpp_notify", "pua_xmpp_req_winfo", "pv_printf",
      "pv_proxy_authorize", "pv_www_authorize", "python_exec", "qr_disable_dst", "qr_enable_dst", "qr_set_xstat",
      "rabbitmq_publish", "radius_send_acct", "radius_send_auth", "raise_event", "rand_event", "rand_get_prob",
      "rand_reset_prob", "rand_set_prob", "record_route", "record_route_preset", "reginfo_handle_notify",
      "reginfo_subscribe", "reginfo_update", "release_dynamic_lock", "release_static_lock", "remove",
      "remove_body_part", "remove_hf", "remove_hf_glob", "remove_hf_re", "remove_ip_port", "remove_msg_branch",
      "replace", "replace_all", "replace_body", "replace_body_all", "replace_body_atonce", "report_capture",
      "reportospusage", "requestosprouting", "reset_dlg_flag", "reset_gflag", "reset_stat", "resetbflag",
      "resetdsturi", "resetflag", "rest_append_hf", "rest_get", "rest_init_client_tls", "rest_post", "rest_put",
      "restore_nated_ruri", "revert_uri", "rl_check", "rl_dec_count", "rl_reset_count", "rl_values",
      "rls_handle_notify", "rls_handle_subscribe", "route_to_carrier", "route_to_gw", "rtp_relay_engage",
      "rtpengine_answer", "rtpengine_block_dtmf", "rtpengine_block_media", "rtpengine_delete", "rtpengine_manage",
      "rtpengine_offer", "rtpengine_pause_recording", "rtpengine_play_dtmf", "rtpengine_play_media",
      "rtpengine_start_forwarding", "rtpengine_start_recording", "rtpengine_stop_forwarding", "rtpengine_stop_media",
      "rtpengine_stop_recording", "rtpengine_unblock_dtmf", "rtpengine_unblock_media", "rtpengine_use_set",
      "rtpproxy_all_stats", "rtpproxy_answer", "rtpproxy_engage", "rtpproxy_offer", "rtpproxy_start_recording",
      "rtpproxy_stats", "rtpproxy_stop_stream2uac", "rtpproxy_stop_stream2uas", "rtpproxy_stream2uac",
      "rtpproxy_stream2uas", "rtpproxy_unforce", "ruri_add_param", "ruri_del_param", "ruri_has_param", "ruri_tel2sip",
      "save", "sca_bridge_request", "sca_engage", "sca_init_request", "sca_mute_branch", "sca_set_called_line",
      "sca_set_calling_line", "sca_validate_invite_out", "script_trace", "sd_lookup", "sdp_mangle_ip",
      "sdp_mangle_port", "search", "search_append", "search_append_body", "search_body", "send", "send_reply",
      "send_smpp_message", "serialize_branches", "set_accept_filter", "set_advertised_address", "set_advertised_port",
      "set_count", "set_deny_filter", "set_dlg_flag", "set_dlg_profile", "set_dlg_sharing_tag", "set_gflag",
      "set_select_weight", "set_via_handling", "setbflag", "setdsturi", "setflag", "sethost", "sethostport",
      "setport", "setrequestdate", "seturi", "setuser", "setuserpass", "shm_status", "shuffle_avps", "sip_capture",
      "sip_to_json", "sipmsg_validate", "siprec_pause_recording", "siprec_resume_recording", "siprec_send_indialog",
      "siprec_start_recording", "siprec_stop_recording", "sl_reply_error", "sl_send_reply", "sleep",
      "sngtc_callee_answer", "sngtc_caller_answer", "sngtc_offer", "socket_belongs_to_bond", "sql_avp_delete",
      "sql_avp_load", "sql_avp_store", "sql_cache_dump", "sql_delete", "sql_insert", "sql_query", "sql_query_one",
      "sql_replace", "sql_select", "sql_select_one", "sql_update", "sqs_send_message", "sr_add_report",
      "sr_check_status", "sr_set_status", "sstCheckMin", "stat_iter_init", "stat_iter_next", "stir_shaken_auth",
      "stir_shaken_check", "stir_shaken_check_cert", "stir_shaken_disengagement", "stir_shaken_verify",
      "store_dlg_value", "stream_delete", "stream_exists", "strings_share_lock", "strip", "strip_tail",
      "subscribe_event", "subst", "subst_body", "subst_uri", "subst_user", "swap_msg_branches", "t_add_cancel_reason",
      "t_add_hdrs", "t_anycast_replicate", "t_cancel_branch", "t_check_status", "t_check_trans", "t_flush_flags",
      "t_get_branch_idx_by_attr", "t_inject_branches", "t_local_replied", "t_new_request", "t_newtran", "t_on_branch",
      "t_on_failure", "t_on_reply", "t_relay", "t_replicate", "t_reply", "t_reply_by_callid", "t_reply_with_body",
      "t_wait_for_new_branches", "t_wait_no_more_branches", "t_was_cancelled", "t_write_req", "t_write_unix",
      "tcp_close_conn", "test_and_set_dlg_flag", "topology_hiding", "topology_hiding_match", "trace", "trie_search",
      "ts_usec_delta", "ua_session_reply", "ua_session_server_init", "ua_session_terminate", "ua_session_update",
      "uac_auth", "uac_inc_cseq", "uac_replace_from", "uac_replace_to", "uac_restore_from", "uac_restore_to",
      "ul_add_key", "ul_del_key", "ul_get_key", "unload_dialog_ctx", "unset_dlg_profile", "unuse_blacklist",
      "update_stat", "update_stat_series", "use_blacklist", "use_media_proxy", "use_next_gw", "usleep", "uuid",
      "validate_dialog", "validateospheader", "verifier", "verify_destination", "verify_source", "wait_for_event",
      "web3_proxy_authenticate", "web3_www_authenticate", "www_authorize", "www_challenge", "xdbg", "xlog",
      "xmpp_send_message",
    ],
    variables: [
      "Au", "BM_time_diff", "C", "DLG_count", "DLG_ctx_json", "DLG_del_delay", "DLG_did", "DLG_dir", "DLG_end_reason",
      "DLG_flags", "DLG_json", "DLG_lifetime", "DLG_status", "DLG_timeout", "HEPVERSION", "RANDOM",
      "TH_callee_callid", "TS", "T_branch_idx", "T_branch_last_reply_code", "T_fr_inv_timeout", "T_fr_timeout",
      "T_id", "T_reply_code", "T_ruri", "Tf", "Ts", "Tsm", "aU", "acc_current_leg", "acc_extra", "acc_leg", "ad",
      "adu", "ai", "an", "ar", "argv", "au", "auth\\.alg", "auth\\.cnonce", "auth\\.nc", "auth\\.nonce",
      "auth\\.opaque", "auth\\.qop", "auth\\.resp", "avp", "b2b_logic\\.ctx", "b2b_logic\\.entity", "b2b_logic\\.key",
      "b2b_logic\\.peer", "b2b_logic\\.scenario", "bavp", "bf", "branch", "branch\\.flag", "cT", "cc_state",
      "cfg_file", "cfg_line", "cgr", "cgr_opt", "cgr_ret", "challenge\\.algorithm", "challenge\\.ck",
      "challenge\\.ik", "challenge\\.nonce", "challenge\\.opaque", "challenge\\.qop", "challenge\\.realm", "ci", "cl",
      "cluster\\.sh_tag", "config", "config\\.description", "cs", "ct", "ct\\.fields", "ctime", "dP", "dd", "dfks",
      "di", "dip", "dir", "dlg_val", "dp", "ds", "du", "duri", "env", "err\\.class", "err\\.info", "err\\.level",
      "err\\.rcode", "err\\.rreason", "fU", "fd", "fn", "from", "from\\.domain", "from\\.user", "ft", "fu", "hdr",
      "hdr_name", "hdrcnt", "hep_net", "identity", "ipsec", "ipsec_ue", "isup_msg_type", "isup_param",
      "isup_param_str", "json", "json_compact", "json_compact_noescape", "json_pretty", "keepalive\\.socket",
      "log_level", "mb", "mf", "mi", "ml", "mq_size", "mqk", "mqv", "msg\\.branch", "msg\\.branch\\.attr",
      "msg\\.branch\\.duri", "msg\\.branch\\.flag", "msg\\.branch\\.flags", "msg\\.branch\\.last_idx",
      "msg\\.branch\\.path", "msg\\.branch\\.q", "msg\\.branch\\.socket", "msg\\.branch\\.uri", "msg\\.flag",
      "msg\\.is_request", "msg\\.type", "nat_traversal\\.track_dialog", "oP", "oU", "od", "op", "ou", "ouri", "pU",
      "param", "path", "pd", "pn", "pp", "proxy_protocol", "pu", "rP", "rU", "rb", "rc", "rd", "re", "retcode",
      "return", "rl_count", "rm", "route", "route\\.name", "route\\.type", "rp", "rr", "rr_params", "rs", "rt",
      "rtp_relay", "rtp_relay_ctx", "rtp_relay_peer", "rtpquery", "rtpstat", "ru", "ru_q", "ruri", "ruri\\.domain",
      "ruri\\.user", "sdp", "sdp\\.line", "sdp\\.session", "sdp\\.stream", "sdp\\.stream\\.idx", "shv", "si",
      "sig_local_totag", "siprec", "socket_in", "socket_out", "source_uri", "sp", "sql_cached_value", "src_ip",
      "stat", "tU", "td", "time", "tls_cipher_bits", "tls_cipher_info", "tls_description", "tls_my_issuer",
      "tls_my_issuer_cn", "tls_my_issuer_country", "tls_my_issuer_locality", "tls_my_issuer_organization",
      "tls_my_issuer_state", "tls_my_issuer_unit", "tls_my_san_email", "tls_my_san_hostname", "tls_my_san_ip",
      "tls_my_san_uri", "tls_my_serial", "tls_my_subject", "tls_my_subject_cn", "tls_my_subject_country",
      "tls_my_subject_locality", "tls_my_subject_organization", "tls_my_subject_serial", "tls_my_subject_state",
      "tls_my_subject_unit", "tls_my_version", "tls_peer_expired", "tls_peer_issuer", "tls_peer_issuer_cn",
      "tls_peer_issuer_country", "tls_peer_issuer_locality", "tls_peer_issuer_organization", "tls_peer_issuer_state",
      "tls_peer_issuer_unit", "tls_peer_notAfter", "tls_peer_notBefore", "tls_peer_revoked", "tls_peer_san_email",
      "tls_peer_san_hostname", "tls_peer_san_ip", "tls_peer_san_uri", "tls_peer_selfsigned", "tls_peer_serial",
      "tls_peer_subject", "tls_peer_subject_cn", "tls_peer_subject_country", "tls_peer_subject_locality",
      "tls_peer_subject_organization", "tls_peer_subject_serial", "tls_peer_subject_state", "tls_peer_subject_unit",
      "tls_peer_verified", "tls_peer_version", "tls_version", "tm\\.branch\\.attr", "tm\\.branch\\.duri",
      "tm\\.branch\\.flag", "tm\\.branch\\.flags", "tm\\.branch\\.last_received", "tm\\.branch\\.path",
      "tm\\.branch\\.q", "tm\\.branch\\.socket", "tm\\.branch\\.type", "tm\\.branch\\.uri", "tn", "to", "to\\.domain",
      "to\\.user", "tt", "tu", "ua", "uuid", "var", "xlog_level", "xml",
    ],
    transformations: [
      "csv\\.count", "csv\\.value", "ip\\.family", "ip\\.isip", "ip\\.isip4", "ip\\.isip6", "ip\\.isprivate",
      "ip\\.match[^,}][^,}]", "ip\\.matches", "ip\\.ntop", "ip\\.pton", "ip\\.resolve", "isup\\.param",
      "isup\\.param\\.str", "nameaddr\\.-?[0-9]+\\.len", "nameaddr\\.-?[0-9]+\\.name", "nameaddr\\.-?[0-9]+\\.param",
      "nameaddr\\.-?[0-9]+\\.params", "nameaddr\\.-?[0-9]+\\.uri", "nameaddr\\.len", "nameaddr\\.name",
      "nameaddr\\.param", "nameaddr\\.params", "nameaddr\\.uri", "param\\.count", "param\\.exist", "param\\.exists",
      "param\\.name", "param\\.value", "param\\.valueat", "re\\.subst", "rest\\.escape", "rest\\.unescape",
      "s\\.b64decode", "s\\.b64encode", "s\\.crc32", "s\\.date2unix", "s\\.dec2hex", "s\\.decode\\.hexa",
      "s\\.encode\\.hexa", "s\\.escape\\.common", "s\\.escape\\.param", "s\\.escape\\.user", "s\\.eval",
      "s\\.fill\\.left", "s\\.fill\\.right", "s\\.hex2dec", "s\\.index", "s\\.int", "s\\.len", "s\\.md5",
      "s\\.reverse", "s\\.rindex", "s\\.select", "s\\.sha1", "s\\.sha1[^,}][^,}]_hmac", "s\\.sha1_hmac", "s\\.sha224",
      "s\\.sha224_hmac", "s\\.sha256", "s\\.sha256_hmac", "s\\.sha384", "s\\.sha384_hmac", "s\\.sha512",
      "s\\.sha512_hmac", "s\\.substr", "s\\.tolower", "s\\.toupper", "s\\.trim", "s\\.triml", "s\\.triml[^,}]*",
      "s\\.trimr", "s\\.trimr[^,}]*", "s\\.unescape\\.common", "s\\.unescape\\.param", "s\\.unescape\\.user",
      "s\\.width", "s\\.xor", "sdp\\.line", "sdp\\.stream", "sdp\\.stream-delete", "uri\\.domain", "uri\\.headers",
      "uri\\.host", "uri\\.lr", "uri\\.maddr", "uri\\.method", "uri\\.param", "uri\\.params", "uri\\.passwd",
      "uri\\.port", "uri\\.r2", "uri\\.schema", "uri\\.transport", "uri\\.ttl", "uri\\.uparam", "uri\\.user",
      "via\\.branch", "via\\.comment", "via\\.domain", "via\\.host", "via\\.name", "via\\.param", "via\\.params",
      "via\\.port", "via\\.received", "via\\.rport", "via\\.transport", "via\\.version",
    ],
    magics: [
      "assert", "cache", "cd", "check", "clear", "compare", "config", "connect", "coverage", "dialog", "dialogs",
      "disconnect", "env", "event", "events", "expect", "export", "forget", "graph", "help", "history", "inbox",
      "load", "log", "lsmagic", "mi", "migrate", "node", "profile", "ps", "pwd", "race", "raise", "record", "replay",
      "reset", "route", "routes", "sh", "shv", "stub", "stubs", "subscribe", "subscribers", "tick", "time",
      "timeline", "timeout", "timer", "trace", "unstub", "vars", "workers", "writefile",
    ],
    name_magics: [
      "compare", "dialog", "env", "event", "forget", "help", "node", "race", "raise", "route", "stub", "subscribe",
      "subscribers", "tick", "trace", "unstub",
    ],
    expression_magics: [
      "assert",
    ],
    around_magics: [
      "time",
    ],
    body_magics: [
      "check", "compare", "migrate", "raise", "replay", "sh", "time", "writefile",
    ],
    json_magics: [
      "compare", "raise",
    ],
    shell_magics: [
      "sh",
    ],
    levels: [
      "L_ALERT", "L_CRIT", "L_DBG", "L_ERR", "L_INFO", "L_NOTICE", "L_WARN",
    ],
  };
  const STATES = {
    "root": {
      otherwise: "script",
      rules: [
        ["[ \\t\\r]+$", "text"],
        ["(?=[ \\t]*%%(?:<json_magics>)(?=[ \\t\\r]|$))", "text", "json-cell"],
        ["(?=[ \\t]*%%(?:<shell_magics>)(?=[ \\t\\r]|$))", "text", "shell-cell"],
        ["(?=[ \\t]*%%(?!(?:<body_magics>)(?=[ \\t\\r]|$)))", "text", "text-cell"],
      ],
    },
    "json-cell": {
      rules: [
        ["^[ \\t]*%%(?:<json_magics>)(?=[ \\t\\r]|$)", "magic", "magic-name"],
        ["[ \\t\\r]+", "text"],
        "json",
      ],
    },
    "text-cell": {
      rules: [
        ["^[ \\t]*%%[A-Za-z][A-Za-z0-9_-]*", "word", "magic-arguments"],
        ["[^\\n]+", "text"],
      ],
    },
    "shell-cell": {
      rules: [
        ["^[ \\t]*%%(?:<shell_magics>)(?=[ \\t\\r]|$)", "magic"],
        "shell",
      ],
    },
    "script": {
      rules: [
        "magics",
        "code",
        ["[)\\]}]", "punctuation"],
      ],
    },
    "magics": {
      rules: [
        ["^[ \\t]*%%?(?:<around_magics>)(?=[ \\t\\r]|$)", "magic"],
        ["^[ \\t]*%%?(?:<expression_magics>)(?=[ \\t\\r]|$)", "magic", "magic-expression"],
        ["^[ \\t]*%(?:<shell_magics>)(?=[ \\t\\r]|$)", "magic", "shell-line"],
        ["^[ \\t]*%%?(?:<name_magics>)(?=[ \\t\\r]|$)", "magic", "magic-name"],
        ["^[ \\t]*%%?(?:<magics>)(?=[ \\t\\r]|$)", "magic", "magic-arguments"],
        ["^[ \\t]*%%?[A-Za-z][A-Za-z0-9_-]*(?=[ \\t\\r]|$)", "word", "magic-arguments"],
        ["^[ \\t]*\\?\\??[ \\t]*[%$A-Za-z0-9_.\\[\\]()]*[ \\t\\r]*$", "magic"],
        ["^[ \\t]*!!?(?=[ \\t]*(?![!=~]|[A-Za-z][A-Za-z0-9_]*[ \\t]*\\(|\\$\\(?[A-Za-z0-9_.]+\\()[^ \\t\\r\\n])", "magic", "shell-line"],
        ["^[ \\t]*(?:[%$][%$A-Za-z0-9_.]+(?:\\([^()\\n]*\\))?|[A-Za-z][A-Za-z0-9_.\\[\\]]*)\\?\\??[ \\t\\r]*$", "magic"],
      ],
    },
    "magic-name": {
      line: true,
      rules: [
        ["[ \\t\\r]+#[^\\n]*", "comment"],
        ["[ \\t\\r]+", "text"],
        ["--[A-Za-z-]+(?:[ \\t=]+[0-9.]+)?", "option"],
        ["declare(?=[ \\t\\r]|$)", "keyword"],
        ["[^ \\t\\r\\n]+", "name", "magic-arguments"],
      ],
    },
    "magic-arguments": {
      line: true,
      rules: [
        ["[ \\t\\r]+#[^\\n]*", "comment"],
        ["[ \\t\\r]+", "text"],
        ["--[A-Za-z][A-Za-z0-9-]*", "option"],
        ["[A-Za-z_][A-Za-z0-9_.-]*(?=[ \\t]*=)", "key"],
        ["[A-Za-z][A-Za-z0-9_]*:int(?=\\]?(?:[ \\t\\r]|$))", "text"],
        ["[A-Za-z][A-Za-z0-9+.-]*:[^ \\t\\r\\n\"'{}$]+", "string"],
        "json",
        ["\\$\\((?=(?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n])*\\))*\\))*\\))*\\))*\\))*\\))*\\))", "variable", "enclosed"],
        ["\\$(?:<variables>)\\((?=(?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n])*\\))*\\))*\\))*\\))*\\))*\\))*\\))", "variable", "name-part"],
        ["\\$(?:<variables>)(?![A-Za-z0-9_.]|\\()", "variable"],
        ["'[^'\\n]*'?", "string"],
        ["[^ \\t\\r\\n\"'{}\\[\\],:=$]+", "text"],
      ],
    },
    "magic-expression": {
      line: true,
      rules: [
        ["[ \\t\\r]+#[^\\n]*", "comment"],
        ["[ \\t\\r]+", "text"],
        ["\"(?:[^\"\\\\\\n]|\\\\[^\\n])*\"?|'[^'\\n]*'?", "string"],
        ["\\$\\((?=(?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n])*\\))*\\))*\\))*\\))*\\))*\\))*\\))", "variable", "enclosed"],
        ["\\$(?:<variables>)\\((?=(?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n]|\\((?:[^()\\n])*\\))*\\))*\\))*\\))*\\))*\\))*\\))", "variable", "name-part"],
        ["\\$(?:<variables>)(?![A-Za-z0-9_.]|\\()", "variable"],
        ["(?:<constants>)(?![A-Za-z0-9_])", "constant"],
        ["(?:<operators>)(?![A-Za-z0-9_])", "operator"],
        ["(?:<functions>)(?![A-Za-z0-9_])", "function"],
        ["[A-Za-z][A-Za-z0-9_]*", "word"],
        ["0x[0-9A-Fa-f]+|[0-9]+", "number"],
        "marks",
        ["[()\\[\\]{}]", "punctuation"],
      ],
    },
    "json": {
      rules: [
        ["\"(?:[^\"\\\\\\n]|\\\\[^\\n])*\"(?=[ \\t]*:)", "key"],
        ["\"(?:[^\"\\\\\\n]|\\\\[^\\n])*\"?", "string"],
        ["-?[0-9]+(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?=[ \\t\\r,\\]}]|$)", "number"],
        ["(?:true|false|null)(?=[ \\t\\r,\\]}]|$)", "constant"],
        ["[{}\\[\\],:=]", "punctuation"],
      ],
    },
    "shell": {
      rules: [
        ["[ \\t\\r]+", "text"],
        ["#[^\\n]*", "comment"],
        ["(?:if|then|elif|else|fi|for|in|do|done|while|until|case|esac|function)(?=[ \\t\\r;|&)<>]|$)", "keyword"],
        ["\"", "string", "shell-double"],
        ["'", "string", "shell-single"],
        "shell-variables",
        ["\\\\[^\\n]?", "text"],
        ["--?[A-Za-z][A-Za-z0-9-]*(?=[ \\t\\r;|&)<>]|$)", "option"],
        ["[A-Za-z_][A-Za-z0-9_]*(?==)", "variable"],
        ["-?[0-9]+(?=[ \\t\\r;|&)<>]|$)", "number"],
        ["[|&;<>!=]+", "operator"],
        ["[(){}\\[\\]`]", "punctuation"],
        ["[^ \\t\\r\\n\"'$\\\\|&;<>=(){}`\\[\\]]+", "text"],
      ],
    },
    "shell-line": {
      line: true,
      rules: [
        ["\"(?:[^\"\\\\\\n]|\\\\[^\\n])*\"?|'[^'\\n]*'?", "string"],
        "shell",
      ],
    },
    "shell-variables": {
      rules: [
        ["\\$[A-Za-z_][A-Za-z0-9_]*|\\$[0-9@*#?$!-]|\\$\\{[^}\\n]*\\}", "variable"],
        ["\\$", "text"],
      ],
    },
    "shell-double": {
      rules: [
        ["\"", "string", "pop"],
        ["\\\\[^\\n]?", "escape"],
        "shell-variables",
        ["[^\"\\\\$\\n]+", "string"],
      ],
    },
    "shell-single": {
      rules: [
        ["'", "string", "pop"],
        ["[^'\\n]+", "string"],
      ],
    },
    "gap": {
      rules: [
        ["[ \\t\\r\\f\\v]+", "text"],
        ["#[^\\n]*", "comment"],
        ["/\\*", "comment", "comment"],
      ],
    },
    "comment": {
      rules: [
        ["/\\*", "comment", "comment"],
        ["\\*/", "comment", "pop"],
        ["[^/*\\n]+|[/*]", "comment"],
      ],
    },
    "code": {
      rules: [
        "gap",
        ["//(?!\\*)", "error"],
        ["\"", "string", "double-text"],
        ["'", "string", "single-text"],
        ["\\$\\(", "variable", "enclosed"],
        ["\\$(?:<variables>)\\(", "variable", "name-part"],
        ["\\$(?:<variables>)(?![A-Za-z0-9_.]|\\()", "variable"],
        ["\\$[A-Za-z0-9_.]*\\(", "word", "unknown-part"],
        ["\\$[A-Za-z0-9_.]*", "word"],
        ["(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?:/[0-9]+)?(?![A-Za-z0-9_:])", "number"],
        ["[0-9]+(?:\\.[0-9]+){3}(?:/[0-9.]+)?", "number"],
        ["0x[0-9A-Fa-f]+|[0-9]+", "number"],
        ["(?:allow|ALLOW|send|SEND)[-_](?:proxy|PROXY)(?:[-_](?:protocol|PROTOCOL))?(?=[ \\t\\r]|$)", "keyword"],
        ["(?:proxy|PROXY)[-_](?:protocol|PROTOCOL)(?=[ \\t\\r]|$)", "keyword"],
        ["(?:bond|BOND)(?=:[A-Za-z][A-Za-z0-9_]*[ \\t]*\\{)", "keyword"],
        ["(?:<kinds>)(?![A-Za-z0-9_])", "kind", "route-kind"],
        ["(?:<keywords>)(?![A-Za-z0-9_])", "keyword"],
        ["(?:<deferring>)(?![A-Za-z0-9_])", "keyword", "deferring"],
        ["(?:<constants>)(?![A-Za-z0-9_])", "constant"],
        ["(?:<operators>)(?![A-Za-z0-9_])", "operator"],
        ["(?:<settings>)(?![A-Za-z0-9_])", "setting"],
        ["(?:<literal_functions>)(?![A-Za-z0-9_])", "function"],
        ["(?:<functions>)(?![A-Za-z0-9_])", "function", "function"],
        ["[A-Za-z][A-Za-z0-9_]*(?=[ \\t]*\\()", "word", "function"],
        ["[A-Za-z][A-Za-z0-9_]*", "word"],
        "marks",
        ["[(\\[{]", "punctuation", "group"],
      ],
    },
    "marks": {
      rules: [
        ["[=!]~|[-+*/%&|^=!<>:]=|&&|\\|\\||<<|>>|[-+*/%&|^=!<>~]", "operator"],
        ["[,;:.]", "punctuation"],
      ],
    },
    "group": {
      rules: [
        ["[)\\]}]", "punctuation", "pop"],
        "code",
      ],
    },
    "route-kind": {
      otherwise: "pop",
      rules: [
        "gap",
        ["\\[", "punctuation", "route-name"],
        ["\\(", "punctuation", "route-call"],
      ],
    },
    "route-name": {
      rules: [
        "gap",
        ["\\]", "punctuation", "pop"],
        ["(?=[{};])", "text", "pop"],
        ["[A-Za-z][A-Za-z0-9_]*|0x[0-9A-Fa-f]+|[0-9]+|\"(?:[^\"\\\\\\n]|\\\\[^\\n])*\"|'[^'\\n]*'", "name"],
        [",", "punctuation", "more-arguments"],
      ],
    },
    "route-call": {
      rules: [
        "gap",
        ["[)\\]}]", "punctuation", "pop"],
        ["[A-Za-z][A-Za-z0-9_]*|0x[0-9A-Fa-f]+|[0-9]+", "name"],
        ["\"", "string", "double-format"],
        ["'", "string", "single-format"],
        [",", "punctuation", "more-arguments"],
        "code",
      ],
    },
    "more-arguments": {
      rules: [
        ["(?=[)\\]}])", "text", "pop"],
        "code",
      ],
    },
    "function": {
      otherwise: "pop",
      rules: [
        "gap",
        ["\\(", "punctuation", "arguments"],
      ],
    },
    "arguments": {
      rules: [
        ["[)\\]}]", "punctuation", "pop"],
        ["\"(?:<levels>)\"", "level"],
        ["\"", "string", "double-format"],
        ["'", "string", "single-format"],
        "code",
      ],
    },
    "deferring": {
      otherwise: "pop",
      rules: [
        "gap",
        ["\\(", "punctuation", "deferred"],
      ],
    },
    "deferred": {
      rules: [
        "gap",
        ["[)\\]}]", "punctuation", "pop"],
        ["(?:<functions>)(?=[ \\t]*\\()", "function", "function"],
        ["[A-Za-z][A-Za-z0-9_]*(?=[ \\t]*\\()", "word", "function"],
        ["[A-Za-z][A-Za-z0-9_]*", "name"],
        ["\"", "string", "double-format"],
        ["'", "string", "single-format"],
        "code",
      ],
    },
    "double-text": {
      rules: [
        ["\"", "string", "pop"],
        ["\\\\(?:[nrat\"\\\\]|x[0-9A-Fa-f]{1,2}|[0-7]{2,3})", "escape"],
        ["[^\"\\\\\\n]+|\\\\", "string"],
      ],
    },
    "single-text": {
      rules: [
        ["'", "string", "pop"],
        ["[^'\\n]+", "string"],
      ],
    },
    "double-format": {
      rules: [
        ["\"", "string", "pop"],
        ["\\\\(?:[nrat\"\\\\]|x[0-9A-Fa-f]{1,2}|[0-7]{2,3})|\\$\\$|\\$\\(\\$\\)", "escape"],
        ["\\$\\((?=(?:[^()\"\\\\\\n]|\\\\[^\\n]|\\((?:[^()\"\\\\\\n]|\\\\[^\\n]|\\((?:[^()\"\\\\\\n]|\\\\[^\\n]|\\((?:[^()\"\\\\\\n]|\\\\[^\\n]|\\((?:[^()\"\\\\\\n]|\\\\[^\\n]|\\((?:[^()\"\\\\\\n]|\\\\[^\\n]|\\((?:[^()\"\\\\\\n]|\\\\[^\\n])*\\))*\\))*\\))*\\))*\\))*\\))*\\))", "variable", "enclosed"],
        ["\\$(?:<variables>)\\((?=(?:[^()\"\\\\\\n]|\\\\[^\\n]|\\((?:[^()\"\\\\\\n]|\\\\[^\\n]|\\((?:[^()\"\\\\\\n]|\\\\[^\\n]|\\((?:[^()\"\\\\\\n]|\\\\[^\\n]|\\((?:[^()\"\\\\\\n]|\\\\[^\\n]|\\((?:[^()\"\\\\\\n]|\\\\[^\\n]|\\((?:[^()\"\\\\\\n]|\\\\[^\\n])*\\))*\\))*\\))*\\))*\\))*\\))*\\))", "variable", "name-part"],
        ["\\$(?:<variables>)(?![A-Za-z0-9_.]|\\()", "variable"],
        ["[^\"\\\\$\\n]+|[\\\\$]", "string"],
      ],
    },
    "single-format": {
      rules: [
        ["'", "string", "pop"],
        ["\\$\\$|\\$\\(\\$\\)", "escape"],
        ["\\$\\((?=(?:[^()'\\n]|\\((?:[^()'\\n]|\\((?:[^()'\\n]|\\((?:[^()'\\n]|\\((?:[^()'\\n]|\\((?:[^()'\\n]|\\((?:[^()'\\n])*\\))*\\))*\\))*\\))*\\))*\\))*\\))", "variable", "enclosed"],
        ["\\$(?:<variables>)\\((?=(?:[^()'\\n]|\\((?:[^()'\\n]|\\((?:[^()'\\n]|\\((?:[^()'\\n]|\\((?:[^()'\\n]|\\((?:[^()'\\n]|\\((?:[^()'\\n])*\\))*\\))*\\))*\\))*\\))*\\))*\\))", "variable", "name-part"],
        ["\\$(?:<variables>)(?![A-Za-z0-9_.]|\\()", "variable"],
        ["[^'$\\n]+|\\$", "string"],
      ],
    },
    "enclosed": {
      rules: [
        ["(?:<variables>)(?![A-Za-z0-9_.])", "variable"],
        ["[A-Za-z0-9_.]+", "word"],
        ["\\(", "variable", "name-part"],
        ["\\)", "variable", "pop"],
        ["\\[", "punctuation", "index"],
        ["\\{", "punctuation", "transformation"],
      ],
    },
    "name-part": {
      rules: [
        ["\\$\\(", "variable", "enclosed"],
        ["\\$(?:<variables>)\\(", "variable", "name-part"],
        ["\\$(?:<variables>)(?![A-Za-z0-9_.]|\\()", "variable"],
        ["\\(", "variable", "name-part"],
        ["\\)", "variable", "pop"],
        ["[^()$\\n]+|\\$", "variable"],
      ],
    },
    "unknown-part": {
      rules: [
        ["\\$\\(", "variable", "enclosed"],
        ["\\$(?:<variables>)\\(", "variable", "name-part"],
        ["\\$(?:<variables>)(?![A-Za-z0-9_.]|\\()", "variable"],
        ["\\(", "word", "unknown-part"],
        ["\\)", "word", "pop"],
        ["[^()$\\n]+|\\$", "word"],
      ],
    },
    "index": {
      rules: [
        ["\\]", "punctuation", "pop"],
        ["(?=\\))", "text", "pop"],
        ["\\$\\(", "variable", "enclosed"],
        ["\\$(?:<variables>)\\(", "variable", "name-part"],
        ["\\$(?:<variables>)(?![A-Za-z0-9_.]|\\()", "variable"],
        ["\\(", "variable", "name-part"],
        ["-?[0-9]+", "number"],
        ["\\*|append", "constant"],
      ],
    },
    "transformation": {
      rules: [
        ["[ \\t]*(?:<transformations>)(?=[ \\t]*[,}])", "transformation", "parameters", true],
        ["\\}", "punctuation", "pop"],
        ["(?=\\))", "text", "pop"],
        ["\\$\\(", "variable", "enclosed"],
        ["\\$(?:<variables>)\\(", "variable", "name-part"],
        ["\\$(?:<variables>)(?![A-Za-z0-9_.]|\\()", "variable"],
        ["\\(", "variable", "name-part"],
        [",", "punctuation", "parameters"],
        ["[^,{}()$\\n]+", "word"],
      ],
    },
    "parameters": {
      rules: [
        ["(?=[})])", "text", "pop"],
        [",", "punctuation"],
        ["[-+]?[0-9]+(?=[ \\t]*[,}])", "number"],
        ["\\$\\(", "variable", "enclosed"],
        ["\\$(?:<variables>)\\(", "variable", "name-part"],
        ["\\$(?:<variables>)(?![A-Za-z0-9_.]|\\()", "variable"],
        ["\\(", "string", "parenthesis"],
        ["\\\\[,}]|[^,}()$\\\\\\n]+|[\\\\$]", "string"],
      ],
    },
    "parenthesis": {
      rules: [
        ["\\$\\(", "variable", "enclosed"],
        ["\\$(?:<variables>)\\(", "variable", "name-part"],
        ["\\$(?:<variables>)(?![A-Za-z0-9_.]|\\()", "variable"],
        ["\\(", "string", "parenthesis"],
        ["\\)", "string", "pop"],
        ["[^()$\\n]+|\\$", "string"],
      ],
    },
  };
  // </generated>

  // -- the tokenizer -----------------------------------------------------------------------------------------------

  // The rules of a state, with those of the states it includes: a list of {pattern, tag, next}. The last one always
  // matches: it leads to the state's `otherwise`, or takes one character for text.
  const compiled = {};
  const rulesOf = (name) => (compiled[name] ??= [...STATES[name].rules.flatMap(compile), lastOf(STATES[name])]);
  const lastOf = ({ otherwise }) => ({ pattern: otherwise ? /(?:)/uy : /[^]/uy, tag: null, next: otherwise });
  const compile = (rule) => {
    if (typeof rule === "string") return STATES[rule].rules.flatMap(compile);
    const [match, token, next, anyCase] = rule;
    const source = match.replace(/<([a-z_]+)>/g, (_, list) => WORDS[list].join("|"));
    return [{ pattern: new RegExp(source, anyCase ? "iuy" : "uy"), tag: TAGS[token], next }];
  };

  // A stack of frames: `state`, and for a bracket the `column` at which the line that opened it begins.
  const topOf = (stack) => stack[stack.length - 1];
  const isBracket = (text) => text === "(" || text === "[" || text === "{";

  const move = (stack, next, text, stream) => {
    if (next === POP) stack.pop();
    else if (next) stack.push({ state: next, column: isBracket(text) ? stream.indentation() : null });
  };

  const token = (stream, { stack }) => {
    if (stream.sol()) while (STATES[topOf(stack).state].line) stack.pop();
    // a rule that matches nothing changes the state, so this ends
    for (;;) {
      const start = stream.pos;
      const rule = rulesOf(topOf(stack).state).find(({ pattern }) => {
        pattern.lastIndex = start;
        return pattern.test(stream.string);
      });
      stream.pos = rule.pattern.lastIndex;
      move(stack, rule.next, stream.string.slice(start, stream.pos), stream);
      if (stream.pos > start) return rule.tag;
    }
  };

  // One step deeper than the line with the innermost open bracket; a line that closes it stands below that line.
  const indent = ({ stack }, textAfter, context) => {
    if (/text|format|comment|cell/.test(topOf(stack).state)) return null;
    const open = stack.findLast((frame) => frame.column !== null);
    if (!open) return 0;
    return /^\s*[)\]}]/.test(textAfter) ? open.column : open.column + context.unit;
  };

  const parser = {
    name: "opensips",
    startState: () => ({ stack: [{ state: "root", column: null }] }),
    copyState: ({ stack }) => ({ stack: stack.slice() }),
    token,
    indent,
    languageData: {
      commentTokens: { line: "#", block: { open: "/*", close: "*/" } },
      closeBrackets: { brackets: ["(", "[", "{", "'", '"'] },
      indentOnInput: /^\s*[)\]}]$/,
    },
  };

  // -- the extension -----------------------------------------------------------------------------------------------

  // What is between the last brace that a line opens and the brace that closes it on a later line.
  const fold = ({ matchBrackets, syntaxTree }) => (state, start, end) => {
    for (let at = end - 1; at >= start; at--) {
      if (state.sliceDoc(at, at + 1) !== "{") continue;
      if (syntaxTree(state).resolveInner(at, 1).name !== TAGS.punctuation) continue;
      const found = matchBrackets(state, at, 1, { maxScanDistance: FOLDING_REACH });
      if (found?.matched && found.end.from > end) return { from: at + 1, to: found.end.from };
    }
    return null;
  };

  // Colours for editors with script, and for blocks of it in Markdown.
  const style = () => {
    const places = ':is(.cm-content[data-language="opensips"], code.language-opensips)';
    const rules = Object.entries(COLOURS).map(([theme, colours]) => {
      const values = Object.entries(colours).map(([name, colour]) => `--jp-mirror-editor-${name}-color: ${colour};`);
      return `[data-jp-theme-name="${theme}"] ${places} { ${values.join(" ")} }`;
    });
    return Object.assign(document.createElement("style"), { textContent: rules.join("\n") });
  };

  // Places such as In[4]:2:9, in findings, errors and tables below cells: a click leads there, as long as that cell is
  // the last that was run under that number.
  const PLACE = /^\s*In\[(\d+)\]:(\d+):(\d+)\s*$/;
  const placeOf = ({ target }) =>
    target instanceof Element && target.closest(".jp-OutputArea-output") ? PLACE.exec(target.textContent) : null;
  const follow = (app) => (event) => {
    const [, count, line, column] = placeOf(event)?.map(Number) ?? [];
    if (!count) return;
    const documents = [...app.shell.widgets("main")];
    const notebook = documents.find(({ node }) => node.contains(event.target))?.content;
    const index = notebook?.widgets?.findIndex(({ model }) => model.executionCount === count) ?? -1;
    if (index < 0) return;
    notebook.activeCellIndex = index;
    notebook.mode = "edit";
    const { editor } = notebook.widgets[index];
    editor?.setCursorPosition({ line: line - 1, column: column - 1 });
    editor?.focus();
  };
  const underline = (event) => {
    if (placeOf(event)) Object.assign(event.target.style, { cursor: "pointer", textDecoration: "underline" });
  };

  // What JupyterLab shares under a name: the copy of the application itself, else the one in use, else any.
  const shared = async (scope, name) => {
    const copies = Object.values(scope[name] ?? {});
    const isOfApplication = ({ from }) => /application-top|notebook\/app|jupyterlite/.test(from ?? "");
    const copy = copies.find(isOfApplication) ?? copies.find(({ loaded }) => loaded) ?? copies[0];
    if (!copy) throw new Error(`${NAME}: JupyterLab does not share ${name}`);
    return (await copy.get())();
  };

  const load = async (scope) => {
    const { IEditorLanguageRegistry } = await shared(scope, "@jupyterlab/codemirror");
    const language = await shared(scope, "@codemirror/language");
    const { LanguageSupport, StreamLanguage, foldService } = language;
    const activate = (app, languages) => {
      document.head.append(style());
      document.addEventListener("click", follow(app));
      document.addEventListener("mouseover", underline);
      languages.addLanguage({
        name: "opensips",
        displayName: "OpenSIPS script",
        mime: "text/x-opensips",
        extensions: ["opensips", "cfg"],
        // names go before extensions, and JupyterLab gives .cfg to a language that few have heard of
        filename: /^(?!setup\.).*\.cfg$/,
        support: new LanguageSupport(StreamLanguage.define(parser), [foldService.of(fold(language))]),
      });
    };
    const plugin = { id: `${NAME}:language`, autoStart: true, requires: [IEditorLanguageRegistry], activate };
    // without the first key JupyterLab takes the module itself for the plugin, and fails to start
    return { __esModule: true, default: plugin };
  };

  let scope = {};
  (window._JUPYTERLAB ??= {})[NAME] = {
    init: (given) => {
      scope = given;
    },
    get: async (module) => {
      if (module !== "./extension") throw new Error(`${NAME} has no module ${module}`);
      const loaded = await load(scope);
      return () => loaded;
    },
  };
})();
