"""Readers and writers of formats that scripts meet and that know no script: SIP, SDP, JSON, XML, patterns, times."""
