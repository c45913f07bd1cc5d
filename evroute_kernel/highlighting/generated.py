"""The names that scripts use. Written by `python -m evroute_kernel.highlighting`: do not edit."""

from __future__ import annotations

from typing import Final

#: list -> its words, each of them a pattern
WORDS: Final[dict[str, tuple[str, ...]]] = {
    "kinds": tuple(
        r"""
        branch_route error_route event_route failure_route local_route onreply_route route startup_route timer_route
        """.split()
    ),
    "constants": tuple(
        r"""
        NULL disable enable false no null off on true yes
        """.split()
    ),
    "operators": tuple(
        r"""
        and not or
        """.split()
    ),
    "settings": tuple(
        r"""
        abort_on_assert advertised_address advertised_port alias auto_aliases auto_scaling_cycle auto_scaling_profile
        check_via chroot db_default_url db_max_async_connections db_version_table debug_mode disable_503_translation
        disable_core_dump disable_dns_blacklist disable_dns_failover disable_stateless_fwd dns dns_retr_no
        dns_retr_time dns_servers_no dns_try_ipv6 dns_try_naptr dns_use_search_list dst_blacklist enable_asserts
        event_pkg_threshold event_shm_threshold exec_dns_threshold exec_msg_threshold execdnsthreshold
        execmsgthreshold listen log_event_enabled log_event_level_filter log_facility log_json_buf_size log_level
        log_msg_buf_size log_name log_prefix log_stderror log_stdout max_while_loops maxbuffer mcast_loopback
        mcast_ttl mem-group mem_dump mem_log mem_warming mem_warming_enabled mem_warming_pattern_file
        mem_warming_percentage memdump memlog mhomed mpath open_files_limit poll_method pv_print_buf_size
        query_buffer_size query_flush_time restart_persistency_cache_file restart_persistency_size rev_dns
        server_header server_signature shm_hash_split_percentage shm_memlog_size shm_secondary_hash_size sip_warning
        socket stderror_enabled stderror_level_filter stderror_log_format syslog_enabled syslog_facility
        syslog_level_filter syslog_log_format syslog_name tcp_accept_aliases tcp_connect_timeout
        tcp_connection_lifetime tcp_keepalive tcp_keepcount tcp_keepidle tcp_keepinterval tcp_max_connections
        tcp_max_msg_time tcp_no_new_conn_bflag tcp_no_new_conn_rplflag tcp_parallel_read_on_workers tcp_socket_backlog
        tcp_threads tcp_threshold tcp_workers tcpthreshold timer_workers tos udp_workers user_agent_header wdir
        workdir xlog_buf_size xlog_force_color xlog_level xlog_print_level
        """.split()
    ),
    "keywords": tuple(
        r"""
        ACCEPT_SUBDOMAIN ANYCAST FRAG REUSE_PORT accept_subdomain any anycast break case default drop else exit expire
        for frag if import_file in include_file loadmodule modparam read-only readonly return reuse_port switch sync
        tag use_auto_scaling_profile use_workers while
        """.split()
    ),
    "deferring": tuple(
        r"""
        async launch
        """.split()
    ),
    "literal_functions": tuple(
        r"""
        assert error log
        """.split()
    ),
    "functions": tuple(
        r"""
        aaa_does_uri_exist aaa_does_uri_user_exist aaa_is_user_in aaa_proxy_authorize aaa_www_authorize abort
        acc_aaa_request acc_db_request acc_evi_request acc_load_ctx_from_dlg acc_log_request acc_new_leg
        acc_unload_ctx_from_dlg add_blacklist_rule add_body_part add_diversion add_isup_part add_local_rport add_path
        add_path_received add_rcv_param add_rr_param add_sock_hdr aka_av_add aka_av_drop aka_av_drop_all aka_av_fail
        aka_proxy_authorize aka_proxy_challenge aka_www_authorize aka_www_challenge alias_db_find alias_db_lookup
        allow_register allow_routing allow_uri append_body_to_reply append_branch_old append_hf append_msg_branch
        append_rpid_hf append_time append_to_reply append_urihf authservice avp_print b2b_bridge b2b_bridge_request
        b2b_bridge_retry b2b_client_new b2b_delete_entity b2b_end_dlg_leg b2b_handle_reply b2b_init_request
        b2b_pass_request b2b_sdp_demux b2b_send_reply b2b_server_new b2b_trigger_scenario bind_xmpp bla_handle_notify
        bla_set_flag bm_log_timer bm_start_timer cache_add cache_counter_fetch cache_fetch cache_raw_query
        cache_remove cache_remove_chunk cache_store cache_sub call_blind_replace call_control call_transfer
        call_transfer_notify cc_agent_login cc_handle_call cgrates_acc cgrates_auth cgrates_cmd change_reply_status
        check_address check_blacklist check_blacklist_rule check_fraud check_route_param check_source_address
        check_time_rec check_user_blacklist checkcallingtranslation checkospheader checkosproute client_nat_test
        cluster_broadcast_req cluster_check_addr cluster_send_req cluster_send_rpl codec_delete codec_delete_except_re
        codec_delete_re codec_exists codec_exists_re codec_move_down codec_move_down_re codec_move_up codec_move_up_re
        construct_uri consume_credentials correlate cost_based_filtering cost_based_ordering cpl_process_register
        cpl_process_register_norpl cpl_run_script cr_next_domain cr_prime_route cr_route cr_user_carrier create_dialog
        db_does_uri_exist db_get_auth_id db_get_user_group db_is_from_authorized db_is_to_authorized db_is_user_in
        decode_contact decode_contact_header del_blacklist_rule dialoginfo_mute_branch dialoginfo_set
        dialoginfo_set_branch_callee dlg_inc_cseq dlg_on_answer dlg_on_hangup dlg_on_timeout dlg_send_sequential
        dm_send_answer dm_send_request do_accounting do_routing dp_apply_policy dp_can_connect dp_translate dr_disable
        dr_is_gw dr_match drop_accounting ds_count ds_get_script_attrs ds_is_in_list ds_mark_dst ds_next_domain
        ds_next_dst ds_push_script_attrs ds_select_domain ds_select_dst emergency_call encode_contact
        end_media_session engage_media_proxy enum_query example example_int example_str exec extract_pub_key_from_cert
        extract_pub_key_from_exp_mod failure fetch_dlg_value fix_contact fix_nated_contact fix_nated_register
        fix_nated_sdp fix_route_dialog force_rport force_send_socket force_tcp_alias forward freeswitch_esl
        get_accurate_time get_client_price get_dialog_info get_dialog_vals get_dialogs_by_profile get_dialogs_by_val
        get_dynamic_lock get_glob_headers_values get_profile_size get_redirects get_source_group get_static_lock
        get_timestamp get_updated_body_part get_vendor_price getlocaladdress goes_to_gw h350_auth_lookup
        h350_result_call_preferences h350_result_service_level h350_sipuri_lookup handle_publish handle_subscribe
        has_body has_body_part has_totag hep_del hep_get hep_relay hep_resume_sip hep_set http2_send_response
        i_enum_query imc_manager insert_hf ipsec_create is_audio_on_hold is_contact_registered is_direction
        is_dlg_flag_set is_domain_local is_from_gw is_from_local is_from_user_enum is_gflag is_in_profile
        is_ip_registered is_maxfwd_lt is_method is_myself is_peer_verified is_present_hf is_privacy is_registered
        is_rpid_user_e164 is_uri_host_local is_uri_user_e164 isbflagset isdsturiset isflagset isn_query jab_exit_jconf
        jab_go_offline jab_go_online jab_join_jconf jab_send_message janus_send_request json_link json_merge
        jsonrpc_notification jsonrpc_request jwt_db_authorize jwt_script_authorize kafka_publish lb_count_call
        lb_disable_dst lb_is_destination lb_is_started lb_next lb_reset lb_start lb_start_or_next ld_feature_enabled
        ldap_filter_url_encode ldap_result ldap_result_check ldap_result_next ldap_search list_hdr_add_option
        list_hdr_has_option list_hdr_remove_option load_balance load_dialog_ctx load_tls_mgm load_tls_openssl
        load_tls_wolfssl lookup loose_route lua_exec lua_meminfo m_dump m_store match_dialog math_ceil math_compare
        math_eval math_floor math_round math_round_sf math_rpn math_trunc mc_compact mc_compress mc_decompress
        media_exchange_from_uri media_exchange_to_call media_fork_from_call media_fork_pause media_fork_resume
        media_fork_to_uri media_handle_indialog media_terminate mf_process_maxfwd_header mi mid_registrar_lookup
        mid_registrar_save mmg_lookup move_msg_branch mq_add mq_fetch mq_pv_free mq_size msg_to_msrp msrp_gw_answer
        msrp_ua_answer nat_keepalive nat_uac_test next_branches notify_on_event options_reply pcre_match
        pcre_match_group perl_exec perl_exec_simple pike_check_req pkg_status pn_process_purr prefix
        prepareallosproutes prepareospresponse prepareosproute processsubscribe prometheus_declare_stat
        prometheus_push_stat proto_init proxy_authorize proxy_challenge pua_set_publish pua_update_contact
        pua_xmpp_notify pua_xmpp_req_winfo pv_printf pv_proxy_authorize pv_www_authorize python_exec qr_disable_dst
        qr_enable_dst qr_set_xstat rabbitmq_publish radius_send_acct radius_send_auth raise_event rand_event
        rand_get_prob rand_reset_prob rand_set_prob record_route record_route_preset reginfo_handle_notify
        reginfo_subscribe reginfo_update release_dynamic_lock release_static_lock remove remove_body_part remove_hf
        remove_hf_glob remove_hf_re remove_ip_port remove_msg_branch replace replace_all replace_body replace_body_all
        replace_body_atonce report_capture reportospusage requestosprouting reset_dlg_flag reset_gflag reset_stat
        resetbflag resetdsturi resetflag rest_append_hf rest_get rest_init_client_tls rest_post rest_put
        restore_nated_ruri revert_uri rl_check rl_dec_count rl_reset_count rl_values rls_handle_notify
        rls_handle_subscribe route_to_carrier route_to_gw rtp_relay_engage rtpengine_answer rtpengine_block_dtmf
        rtpengine_block_media rtpengine_delete rtpengine_manage rtpengine_offer rtpengine_pause_recording
        rtpengine_play_dtmf rtpengine_play_media rtpengine_start_forwarding rtpengine_start_recording
        rtpengine_stop_forwarding rtpengine_stop_media rtpengine_stop_recording rtpengine_unblock_dtmf
        rtpengine_unblock_media rtpengine_use_set rtpproxy_all_stats rtpproxy_answer rtpproxy_engage rtpproxy_offer
        rtpproxy_start_recording rtpproxy_stats rtpproxy_stop_stream2uac rtpproxy_stop_stream2uas rtpproxy_stream2uac
        rtpproxy_stream2uas rtpproxy_unforce ruri_add_param ruri_del_param ruri_has_param ruri_tel2sip save
        sca_bridge_request sca_engage sca_init_request sca_mute_branch sca_set_called_line sca_set_calling_line
        sca_validate_invite_out script_trace sd_lookup sdp_mangle_ip sdp_mangle_port search search_append
        search_append_body search_body send send_reply send_smpp_message serialize_branches set_accept_filter
        set_advertised_address set_advertised_port set_count set_deny_filter set_dlg_flag set_dlg_profile
        set_dlg_sharing_tag set_gflag set_select_weight set_via_handling setbflag setdsturi setflag sethost
        sethostport setport setrequestdate seturi setuser setuserpass shm_status shuffle_avps sip_capture sip_to_json
        sipmsg_validate siprec_pause_recording siprec_resume_recording siprec_send_indialog siprec_start_recording
        siprec_stop_recording sl_reply_error sl_send_reply sleep sngtc_callee_answer sngtc_caller_answer sngtc_offer
        socket_belongs_to_bond sql_avp_delete sql_avp_load sql_avp_store sql_cache_dump sql_delete sql_insert
        sql_query sql_query_one sql_replace sql_select sql_select_one sql_update sqs_send_message sr_add_report
        sr_check_status sr_set_status sstCheckMin stat_iter_init stat_iter_next stir_shaken_auth stir_shaken_check
        stir_shaken_check_cert stir_shaken_disengagement stir_shaken_verify store_dlg_value stream_delete
        stream_exists strings_share_lock strip strip_tail subscribe_event subst subst_body subst_uri subst_user
        swap_msg_branches t_add_cancel_reason t_add_hdrs t_anycast_replicate t_cancel_branch t_check_status
        t_check_trans t_flush_flags t_get_branch_idx_by_attr t_inject_branches t_local_replied t_new_request t_newtran
        t_on_branch t_on_failure t_on_reply t_relay t_replicate t_reply t_reply_by_callid t_reply_with_body
        t_wait_for_new_branches t_wait_no_more_branches t_was_cancelled t_write_req t_write_unix tcp_close_conn
        test_and_set_dlg_flag topology_hiding topology_hiding_match trace trie_search ts_usec_delta ua_session_reply
        ua_session_server_init ua_session_terminate ua_session_update uac_auth uac_inc_cseq uac_replace_from
        uac_replace_to uac_restore_from uac_restore_to ul_add_key ul_del_key ul_get_key unload_dialog_ctx
        unset_dlg_profile unuse_blacklist update_stat update_stat_series use_blacklist use_media_proxy use_next_gw
        usleep uuid validate_dialog validateospheader verifier verify_destination verify_source wait_for_event
        web3_proxy_authenticate web3_www_authenticate www_authorize www_challenge xdbg xlog xmpp_send_message
        """.split()
    ),
    "variables": tuple(
        r"""
        Au BM_time_diff C DLG_count DLG_ctx_json DLG_del_delay DLG_did DLG_dir DLG_end_reason DLG_flags DLG_json
        DLG_lifetime DLG_status DLG_timeout HEPVERSION RANDOM TH_callee_callid TS T_branch_idx
        T_branch_last_reply_code T_fr_inv_timeout T_fr_timeout T_id T_reply_code T_ruri Tf Ts Tsm aU acc_current_leg
        acc_extra acc_leg ad adu ai an ar argv au auth\.alg auth\.cnonce auth\.nc auth\.nonce auth\.opaque auth\.qop
        auth\.resp avp b2b_logic\.ctx b2b_logic\.entity b2b_logic\.key b2b_logic\.peer b2b_logic\.scenario bavp bf
        branch branch\.flag cT cc_state cfg_file cfg_line cgr cgr_opt cgr_ret challenge\.algorithm challenge\.ck
        challenge\.ik challenge\.nonce challenge\.opaque challenge\.qop challenge\.realm ci cl cluster\.sh_tag config
        config\.description cs ct ct\.fields ctime dP dd dfks di dip dir dlg_val dp ds du duri env err\.class
        err\.info err\.level err\.rcode err\.rreason fU fd fn from from\.domain from\.user ft fu hdr hdr_name hdrcnt
        hep_net identity ipsec ipsec_ue isup_msg_type isup_param isup_param_str json json_compact
        json_compact_noescape json_pretty keepalive\.socket log_level mb mf mi ml mq_size mqk mqv msg\.branch
        msg\.branch\.attr msg\.branch\.duri msg\.branch\.flag msg\.branch\.flags msg\.branch\.last_idx
        msg\.branch\.path msg\.branch\.q msg\.branch\.socket msg\.branch\.uri msg\.flag msg\.is_request msg\.type
        nat_traversal\.track_dialog oP oU od op ou ouri pU param path pd pn pp proxy_protocol pu rP rU rb rc rd re
        retcode return rl_count rm route route\.name route\.type rp rr rr_params rs rt rtp_relay rtp_relay_ctx
        rtp_relay_peer rtpquery rtpstat ru ru_q ruri ruri\.domain ruri\.user sdp sdp\.line sdp\.session sdp\.stream
        sdp\.stream\.idx shv si sig_local_totag siprec socket_in socket_out source_uri sp sql_cached_value src_ip stat
        tU td time tls_cipher_bits tls_cipher_info tls_description tls_my_issuer tls_my_issuer_cn
        tls_my_issuer_country tls_my_issuer_locality tls_my_issuer_organization tls_my_issuer_state tls_my_issuer_unit
        tls_my_san_email tls_my_san_hostname tls_my_san_ip tls_my_san_uri tls_my_serial tls_my_subject
        tls_my_subject_cn tls_my_subject_country tls_my_subject_locality tls_my_subject_organization
        tls_my_subject_serial tls_my_subject_state tls_my_subject_unit tls_my_version tls_peer_expired tls_peer_issuer
        tls_peer_issuer_cn tls_peer_issuer_country tls_peer_issuer_locality tls_peer_issuer_organization
        tls_peer_issuer_state tls_peer_issuer_unit tls_peer_notAfter tls_peer_notBefore tls_peer_revoked
        tls_peer_san_email tls_peer_san_hostname tls_peer_san_ip tls_peer_san_uri tls_peer_selfsigned tls_peer_serial
        tls_peer_subject tls_peer_subject_cn tls_peer_subject_country tls_peer_subject_locality
        tls_peer_subject_organization tls_peer_subject_serial tls_peer_subject_state tls_peer_subject_unit
        tls_peer_verified tls_peer_version tls_version tm\.branch\.attr tm\.branch\.duri tm\.branch\.flag
        tm\.branch\.flags tm\.branch\.last_received tm\.branch\.path tm\.branch\.q tm\.branch\.socket tm\.branch\.type
        tm\.branch\.uri tn to to\.domain to\.user tt tu ua uuid var xlog_level xml
        """.split()
    ),
    "transformations": tuple(
        r"""
        csv\.count csv\.value ip\.family ip\.isip ip\.isip4 ip\.isip6 ip\.isprivate ip\.match[^,}][^,}] ip\.matches
        ip\.ntop ip\.pton ip\.resolve isup\.param isup\.param\.str nameaddr\.-?[0-9]+\.len nameaddr\.-?[0-9]+\.name
        nameaddr\.-?[0-9]+\.param nameaddr\.-?[0-9]+\.params nameaddr\.-?[0-9]+\.uri nameaddr\.len nameaddr\.name
        nameaddr\.param nameaddr\.params nameaddr\.uri param\.count param\.exist param\.exists param\.name
        param\.value param\.valueat re\.subst rest\.escape rest\.unescape s\.b64decode s\.b64encode s\.crc32
        s\.date2unix s\.dec2hex s\.decode\.hexa s\.encode\.hexa s\.escape\.common s\.escape\.param s\.escape\.user
        s\.eval s\.fill\.left s\.fill\.right s\.hex2dec s\.index s\.int s\.len s\.md5 s\.reverse s\.rindex s\.select
        s\.sha1 s\.sha1[^,}][^,}]_hmac s\.sha1_hmac s\.sha224 s\.sha224_hmac s\.sha256 s\.sha256_hmac s\.sha384
        s\.sha384_hmac s\.sha512 s\.sha512_hmac s\.substr s\.tolower s\.toupper s\.trim s\.triml s\.triml[^,}]*
        s\.trimr s\.trimr[^,}]* s\.unescape\.common s\.unescape\.param s\.unescape\.user s\.width s\.xor sdp\.line
        sdp\.stream sdp\.stream-delete uri\.domain uri\.headers uri\.host uri\.lr uri\.maddr uri\.method uri\.param
        uri\.params uri\.passwd uri\.port uri\.r2 uri\.schema uri\.transport uri\.ttl uri\.uparam uri\.user
        via\.branch via\.comment via\.domain via\.host via\.name via\.param via\.params via\.port via\.received
        via\.rport via\.transport via\.version
        """.split()
    ),
    "magics": tuple(
        r"""
        assert cache cd check clear compare config connect coverage dialog dialogs disconnect env event events expect
        export forget graph help history inbox load log lsmagic mi migrate node profile ps pwd race raise record
        replay reset route routes sh shv stub stubs subscribe subscribers tick time timeline timeout timer trace
        unstub vars workers writefile
        """.split()
    ),
    "name_magics": tuple(
        r"""
        compare dialog env event forget help node race raise route stub subscribe subscribers tick trace unstub
        """.split()
    ),
    "expression_magics": tuple(
        r"""
        assert
        """.split()
    ),
    "around_magics": tuple(
        r"""
        time
        """.split()
    ),
    "body_magics": tuple(
        r"""
        check compare migrate raise replay sh time writefile
        """.split()
    ),
    "json_magics": tuple(
        r"""
        compare raise
        """.split()
    ),
    "shell_magics": tuple(
        r"""
        sh
        """.split()
    ),
    "levels": tuple(
        r"""
        L_ALERT L_CRIT L_DBG L_ERR L_INFO L_NOTICE L_WARN
        """.split()
    ),
}
