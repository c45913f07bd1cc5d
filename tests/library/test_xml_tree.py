"""XML documents, printed as libxml2 2.9 prints them."""

from __future__ import annotations

import pytest

from evroute_kernel.library.formats.xml_tree import XmlError, dump, dump_document, parse


@pytest.mark.parametrize(
    ("text", "root", "document"),
    [
        ("<a><b/>t</a>", "<a><b/>t</a>", '<?xml version="1.0"?>\n<a><b/>t</a>'),
        ("<a x='1'></a>", '<a x="1"/>', '<?xml version="1.0"?>\n<a x="1"/>'),
        ("<a>é &lt;&amp;&gt;\"'</a>", "<a>é &lt;&amp;&gt;\"'</a>", None),
        ('<a x="&quot;&#10;é&lt;"/>', '<a x="&quot;&#10;&#xE9;&lt;"/>', None),
        ("<a><![CDATA[<x>]]>t<!-- k --><?pi d?></a>", "<a><![CDATA[<x>]]>t<!-- k --><?pi d?></a>", None),
        ('<p:a p:b="1" xmlns:p="u"/>', '<p:a xmlns:p="u" p:b="1"/>', None),
        (
            '<?xml version="1.0" encoding="UTF-8"?><a x="é">é</a><!--c-->',
            '<a x="é">é</a>',
            '<?xml version="1.0" encoding="UTF-8"?>\n<a x="é">é</a>\n<!--c-->',
        ),
        ("<a>é&#13;</a>", "<a>é&#13;</a>", '<?xml version="1.0"?>\n<a>&#xE9;&#xD;</a>'),
        (
            '<?xml version="1.0" standalone="yes"?><a/>',
            "<a/>",
            '<?xml version="1.0" standalone="yes"?>\n<a/>',
        ),
        ('<!DOCTYPE a SYSTEM "s"><a/>', "<a/>", '<?xml version="1.0"?>\n<!DOCTYPE a SYSTEM "s">\n<a/>'),
    ],
)
def test_printing(text, root, document):
    parsed = parse(text.encode())
    assert dump(parsed, parsed.root) == root
    assert document is None or dump_document(parsed) == document


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a x=1/>",
        b'<a x="1" x="2"/>',
        b"<a>&nope;</a>",
        b"<a>\xff</a>",
        b'<?xml version="x"?><a/>',
    ],
)
def test_what_is_no_document(data):
    with pytest.raises(XmlError):
        parse(data)


def test_utf8_has_another_name():
    assert parse('<?xml version="1.0" encoding="UTF8"?><a>é</a>'.encode()).root.text() == "é"
