"""Every mistake that the parser knows: where it is shown, in which words, and with which hint.

The tables read: text -> "line:column shown text | message | hint" for each error, in order.
"""

from __future__ import annotations

import pytest

from evroute_kernel.lang.parser import parse
from evroute_kernel.source import Source

#: in the body of a route, from line 2 on
BODY: dict[str, list[str]] = {
    'xlog("a\\n")\nxlog("b\\n");': [
        "2:12  | expected ';' after the call of xlog, before 'xlog'"
        " | every statement ends with ';', also the last one before '}'",
    ],
    "$var(x) = 1\n$var(y) = 2;": [
        "2:12  | expected ';' after the number 1, before the variable $var(y)"
        " | every statement ends with ';', also the last one before '}'",
    ],
    "$var(x)++;": [
        "2:8 + | there is no '++' | write $var(x) += 1;",
    ],
    "$var(x)--;": [
        "2:8 - | there is no '--' | write $var(x) -= 1;",
    ],
    "$var(x) <<= 1;": [
        "2:9 << | there is no operator '<<=' | write $var(x) = $var(x) << ...;",
    ],
    "if ($var(x)) { exit; } elseif ($var(y)) { exit; }": [
        "2:24 elseif | 'elseif' is no word of the language | write else if (...)",
    ],
    "if ($var(x)) { exit; } elsif ($var(y) == 2) { exit; } else drop;": [
        "2:24 elsif | 'elsif' is no word of the language | write else if (...)",
    ],
    "if ($var(x)) { exit; } elif (f()) exit;": [
        "2:24 elif | 'elif' is no word of the language | write else if (...)",
    ],
    "while (1) { continue; }": [
        "2:13 continue | 'continue' is no statement | there is no continue: put the rest of the body into an if",
    ],
    "for ($var(i) = 0; $var(i) < 3; $var(i)++) { exit; foo; }": [
        "2:14 = | for runs over the values of a variable; there is no counting for"
        " | for ($var(x) in $(avp(name)[*])) { ... }, or a while",
        "2:51 foo | 'foo' is no statement | a call needs parentheses: foo()",
    ],
    "foreach ($var(x) in $avp(y)) { exit; }": [
        "2:18 in | 'foreach' is no statement | write for ($var(x) in $(avp(name)[*])) { ... }",
    ],
    "if (5 == $var(x)) exit;": [
        "2:7 == | a comparison begins with a variable: turn it round | write $var(x) == 5",
    ],
    'if ("a" != $var(x)) exit;': [
        '2:5 "a" | a comparison begins with a variable: turn it round | write $var(x) != "a"',
    ],
    "if ($var(x) + 1 == 2) exit; else drop;": [
        "2:13 + | a condition does not compute"
        " | put the computation in square brackets: [$var(x) + 1], or into a variable first",
    ],
    "if ($var(x) > 2 & $var(y) == 1) exit;": [
        "2:17 & | a condition does not compute | conditions are joined by && or and",
    ],
    "if ($var(x) == 2 | $var(y)) exit;": [
        "2:18 | | a condition does not compute | conditions are joined by || or or",
    ],
    "if (f() == 1) exit;": [
        "2:9 == | the result of a call cannot be compared"
        " | call it first, then compare $rc; or use the call alone, true when it gives a number above 0",
    ],
    "if ($var(x) == f()) exit;": [
        "2:16 f | 'f' is no value | a text needs quotes: \"f\"",
    ],
    "if ($var(x) == ) exit;": [
        "2:16 ) | == takes a variable, a number, a text or NULL, not ')'",
    ],
    "if ($var(x) == hello) exit;": [
        "2:16 hello | 'hello' is no value | a text needs quotes: \"hello\"",
    ],
    'if ($var(x) == "a" "b") exit;': [
        '2:20 "b" | two texts in a row'
        ' | texts in a row are joined in xlog, xdbg and modparam only; elsewhere write "a" + "b"',
    ],
    "if ($var(x) == $var(y) == 3) exit;": [
        "2:24 == | comparisons do not chain | join two of them with and",
    ],
    "if $var(x) { exit; }": [
        "2:4 $var(x) | expected '(' after if | if (condition) { ... }",
    ],
    "if () exit;": [
        "2:5 ) | the condition is empty | if ($var(x) == 1) { ... }",
    ],
    "if ($var(x)\nexit;": [
        "2:12  | expected ')' after the variable $var(x), before 'exit'",
    ],
    "if ($var(x) == 1 {\nexit;\n}": [
        "2:18 { | expected ')' after the number 1, before '{'",
    ],
    "if ($var(x) AND $var(y)) exit;": [
        "2:13 AND | 'AND' is no operator | write and in lower case",
    ],
    "if ($var(x) & 1) exit;": [
        "2:13 & | a condition does not compute"
        " | put the computation in square brackets: [$var(x) + 1], or into a variable first",
    ],
    "if ($var(x) && ) exit;": [
        "2:16 ) | nothing stands after '&&' | write a condition on both sides",
    ],
    "xlog($var(x));": [
        '2:6 $var(x) | xlog takes a text in quotes | xlog("$var(x)\\n");',
    ],
    'xlog("a", $var(x));': [
        '2:11 $var(x) | xlog takes a text in quotes | xlog("$var(x)\\n");',
    ],
    'xlog("a" + $var(x));': [
        '2:10 + | xlog takes no expression | variables stand inside the text: "x is $var(x)\\n"',
    ],
    'xlog("a";': [
        "2:9 ; | expected ')' to close the call of xlog, before ';'",
    ],
    'xlog("a"': [
        "2:9  | expected ')' to close the call of xlog, before '}'",
    ],
    'xlog "a";': [
        '2:6 "a" | expected \'(\' after xlog, before the text "a"',
    ],
    "xlog(hello);": [
        "2:6 hello | 'hello' needs quotes | xlog(\"hello\")",
    ],
    "return(1+1);": [
        "2:9 + | return takes one number or variable, not an expression"
        " | compute it into a variable first: $var(x) = ...; return($var(x));",
    ],
    'return("a");': [
        '2:8 "a" | return takes one number or variable, not the text "a"'
        " | compute it into a variable first: $var(x) = ...; return($var(x));",
    ],
    "return route(x);": [
        "2:8 route | return takes one number or variable, not 'route'"
        " | compute it into a variable first: $var(x) = ...; return($var(x));",
    ],
    "exit(1);": [
        "2:6 1 | exit takes no argument | write exit;",
    ],
    "break;": [
        "2:1 break | break outside a while, a for or a case of a switch"
        " | use return to leave the route, exit to end the script",
    ],
    "{ exit; }": [
        "2:1 { | a block cannot stand alone | remove the braces, or put if, while or for before them",
    ],
    "exit; }\nexit;": [
        "3:1 exit | 'exit' stands outside every route | statements belong in a body: event_route[NAME] { ... }",
    ],
    "switch ($var(x)) { default: exit; case 1: drop; }": [
        "2:20 default | default comes last, after at least one case | switch ($var(x)) { case 1: ... default: ... }",
    ],
    "switch ($var(x)) { case 1: { exit; } break; default: drop; }": [
        "2:28 { | the statements of a case stand in no braces | write case X: statements; break;",
    ],
    "switch ($var(x)) { case 1: exit; default: drop; default: exit; }": [
        "2:49 default | a switch has one default | remove this one",
    ],
    "switch ($var(x)) { case 1: exit; default: drop; case 2: exit; }": [
        "2:49 case | this case stands after default | default comes last",
    ],
    "switch ($var(x)) { case 1 exit; break; case 2: foo; }": [
        "2:27 exit | expected ':' after the label, before 'exit'",
        "2:48 foo | 'foo' is no statement | a call needs parentheses: foo()",
    ],
    "switch ($var(x)) { case 1+1: exit; case $var(x): drop; case foo: drop; case 1,2: exit; }": [
        "2:26 + | a case label is one number or text, no expression | write the value itself",
        "2:41 $var(x) | a case label is a number or a text, no variable | compare with if for that",
        "2:61 foo | a case label is a number or a text in quotes, not 'foo'",
        "2:78 , | a case has one label | write case 1: case 2: with a ':' after each",
    ],
    "switch ($var(x)) { exit; }": [
        "2:20 exit | expected case, not 'exit' | switch ($var(x)) { case 1: ... default: ... }",
    ],
    "switch ($var(x)) { }": [
        "2:20 } | this switch has no case | switch ($var(x)) { case 1: ... default: ... }",
    ],
    "switch ($var(x) + 1) { case 1: exit; }": [
        "2:17 + | switch looks at one variable, not at an expression"
        " | compute it into a variable first: $var(x) = ...; switch ($var(x)) { ... }",
    ],
    "switch (5) { case 1: exit; }": [
        "2:9 5 | switch looks at one variable, not at the number 5 | switch ($var(x)) { ... }",
    ],
    "foo;": [
        "2:1 foo | 'foo' is no statement | a call needs parentheses: foo()",
    ],
    "foo bar;": [
        "2:1 foo | expected '(' after 'foo', before 'bar' | a call needs parentheses: foo(...)",
    ],
    "x = 5;": [
        "2:1 x | 'x' is no variable | write $var(x)",
    ],
    "log_level = 3;": [
        "2:1 log_level | the setting log_level stands inside a route | settings stand between routes",
    ],
    "$var(x);": [
        "2:8 ; | a value alone is no statement | assign it ($var(x) = ...;) or print it with xlog",
    ],
    "$var(x) == 5;": [
        "2:9 == | a comparison is no statement | '=' assigns: $var(x) = ...;",
    ],
    '"text";': [
        '2:1 "text" | a value alone is no statement | assign it to a variable, or print it with xlog',
    ],
    "5;": [
        "2:1 5 | a value alone is no statement | assign it to a variable, or print it with xlog",
    ],
    "= 5;": [
        "2:1 = | this assignment has no left side | $var(x) = ...;",
    ],
    "$var(x) = ;": [
        "2:11 ; | nothing stands after '=' | write a number, a text, a variable, a call or NULL",
    ],
    "$var(x) = 5 +;": [
        "2:14 ; | nothing stands after '+' | write a number, a text, a variable, a call or NULL",
    ],
    "$var(x) = 5 + * 3;": [
        "2:15 * | two operators in a row: '+' and '*'",
    ],
    "$var(x) = !$var(y);": [
        "2:11 ! | '!' works in conditions only, not in the value of an expression"
        " | compute it with if: if (...) $var(x) = 1; else $var(x) = 0;",
    ],
    "$var(x) = $var(a) && $var(b);": [
        "2:19 && | '&&' works in conditions only, not in the value of an expression"
        " | compute it with if: if (...) $var(x) = 1; else $var(x) = 0;",
    ],
    "$var(x) = $var(a) and $var(b);": [
        "2:19 and | 'and' works in conditions only, not in the value of an expression"
        " | compute it with if: if (...) $var(x) = 1; else $var(x) = 0;",
    ],
    "$var(x) = -$var(y);": [
        "2:12 $var(y) | '-' may stand before a number only, not before the variable $var(y) | write 0 - ...",
    ],
    "$var(x) = -(1);": [
        "2:12 ( | '-' may stand before a number only, not before '(' | write 0 - ...",
    ],
    "$var(x) = (NULL);": [
        "2:12 NULL | NULL stands alone: it cannot be part of an expression | $var(x) = NULL;",
    ],
    "$var(x) += NULL;": [
        "2:12 NULL | NULL stands alone: it cannot be part of an expression | $var(x) = NULL;",
    ],
    '$var(x) = "a" . "b";': [
        "2:15 . | unexpected '.' | texts are joined with +",
    ],
    '$var(x) = "a" "b";': [
        '2:15 "b" | two texts in a row'
        ' | texts in a row are joined in xlog, xdbg and modparam only; elsewhere write "a" + "b"',
    ],
    "$var(x) = hello;": [
        "2:11 hello | 'hello' is no value | a text needs quotes: \"hello\"; a call parentheses: hello()",
    ],
    "$var(x) = TRUE;": [
        "2:11 TRUE | 'TRUE' is no value | write true in lower case",
    ],
    "$var(x) = 08;": [
        "2:11 08 | '08' is no number | a leading 0 means octal: digits 0 to 7",
    ],
    "$var(x) = 5k;": [
        "2:11 5k | '5k' is no number | numbers are integers without suffixes",
    ],
    "$var(x) = 1.5;": [
        "2:11 1. | '1.5' is no number | numbers are integers without suffixes",
    ],
    "$var(x) = on ;": [
        "2:11 on | 'on' between blanks is a word of the socket settings | write yes or 1",
    ],
    "$var(x) = $var(y){s.len};": [
        "2:18 { | a transformation stands inside $( ) | write $(var(y){...})",
    ],
    "$var(x) = $(var(y)){s.len};": [
        "2:20 { | a transformation stands inside $( ) | write $(var(y){...})",
    ],
    "$var(x) = $var(a) = 1;": [
        "2:19 = | one assignment in a statement | write two: $var(b) = 1; $var(a) = $var(b);",
    ],
    "$var(x) = (1 + 2;": [
        "2:17 ; | expected ')' after the number 2, before ';'",
    ],
    "$var(x) = 1 + 2);": [
        "2:16 ) | unexpected ')' | expected ';'",
    ],
    "$var(x) = 1 < 2;": [
        "2:13 < | a comparison begins with a variable: turn it round",
    ],
    "$var(x) = ($var(y) + 1) == 3;": [
        "2:25 == | only a variable can be compared, not the result of an expression | assign it first",
    ],
    "$var (x) = 1;": [
        "2:6 ( | no blank may stand between $var and its parenthesis | write $var(...)",
    ],
    "if ([$rc]) exit;": [
        "2:6 $rc] | $rc] is read as one variable: a name does not end at ']' | write $rc ] with a blank",
    ],
    'f("a" "b");': [
        '2:7 "b" | expected \',\' before the text "b" in the arguments of f',
    ],
    'f("a" + "b");': [
        "2:7 + | an argument of f is one text, number or variable, no expression"
        ' | compute it into a variable first; texts may hold variables: "a$var(x)"',
    ],
    "f(NULL);": [
        "2:3 NULL | NULL is no argument of f | leave the argument out, or pass a variable that is null",
    ],
    "f(g());": [
        "2:3 g | a call is no argument | call it first and pass a variable",
    ],
    "f(hello);": [
        "2:3 hello | 'hello' needs quotes | \"hello\"",
    ],
    'f("a", 5': [
        "2:9  | expected ')' to close the call of f, before '}'",
    ],
    'f("a", 5;': [
        "2:9 ; | expected ')' to close the call of f, before ';'",
    ],
    "route(a, );": [
        "2:10 ) | an argument of route is missing | write NULL for an empty one",
    ],
    "route();": [
        "2:7 ) | route is called with the name of a route, not with ')' | route(NAME);",
    ],
    "route[a];": [
        "2:6 [ | a route is called with round brackets | route(NAME);",
    ],
    "route a;": [
        "2:7 a | a route is called with round brackets | route(NAME);",
    ],
    "route(a b);": [
        "2:9 b | expected ',' before 'b' in the arguments of route | route(NAME, value, ...);",
    ],
    "event_route[E_Y] { exit; }": [
        "2:1 event_route | event_route cannot be defined inside another route | close the body before it with '}'",
    ],
    "route[b] { exit; }": [
        "2:6 [ | a route cannot be defined inside another route | close the body before it with '}'",
    ],
    "if (1) { exit;": [
        "1:10 { | this '{' is never closed | add the missing '}'",
    ],
    "else exit;": [
        "2:1 else | this else belongs to no if | else follows the body of an if directly",
    ],
    "if (1) { exit; }; else drop;": [
        "2:19 else | this else belongs to no if | remove the ';' before it",
    ],
    "// comment\nexit;": [
        "2:1 / | '//' does not begin a comment | write # for a comment to the end of the line",
    ],
    "exit; // comment": [
        "2:7 / | '//' does not begin a comment | write # for a comment to the end of the line",
    ],
    "exit; */": [
        "2:7 * | this '*/' closes no comment | block comments begin with /* and nest",
    ],
    "async(f(), );": [
        "2:12 ) | unexpected ')' | async(f(...), route_name); launch(f(...), route_name)",
    ],
    "launch(f;": [
        "2:9 ; | unexpected ';' | async(f(...), route_name); launch(f(...), route_name)",
    ],
    'log("a", 5);': [
        '2:8 , | unexpected \',\' in log | log("text") or log(2, "text")',
    ],
    'error("a");': [
        "2:10 ) | unexpected ')' | expected ','",
    ],
    "assert($var(x) == 1, 5);": [
        "2:22 5 | unexpected number 5 in a condition | expected a text in quotes",
    ],
    "for (x in $avp(y)) exit;": [
        "2:6 x | the iterator of for is a variable, not 'x' | for ($var(x) in $(avp(name)[*])) { ... }",
    ],
    "for ($var(x) of $avp(y)) exit;": [
        "2:14 of | expected 'in' after the iterator of for, not 'of' | for ($var(x) in $(avp(name)[*])) { ... }",
    ],
    "for ($var(x) in y) exit;": [
        "2:17 y | for runs over the values of a variable, not over 'y' | for ($var(x) in $(avp(name)[*])) { ... }",
    ],
    'loadmodule "x";': [
        "2:1 loadmodule | loadmodule stands inside a route | it stands between routes, before its first use",
    ],
    "IF (1) { exit; }": [
        "2:1 IF | 'IF' is no keyword | keywords are in lower case: if",
    ],
    "While ($var(x) == 1) exit;": [
        "2:1 While | 'While' is no keyword | keywords are in lower case: while",
    ],
    "do { exit; } while (1);": [
        "2:1 do | 'do' is no statement | there is no do: use while (...) { ... }",
    ],
    "function foo() { exit; }": [
        "2:1 function | 'function' is no statement | write route[NAME] { ... } outside, and call it with route(NAME)",
    ],
    "if (TRUE) exit;": [
        "2:5 TRUE | 'TRUE' is no value | write true in lower case",
    ],
    "if (foo) exit;": [
        "2:5 foo | 'foo' is no condition | a call needs parentheses: foo(); a variable $var(foo)",
    ],
    "if (1) {\n    if (2) {\n        exit;\n}": [
        "3:12 { | this '{' is never closed | add the missing '}'",
    ],
    'xlog("a" "b", "c");': [
        '2:13 , | xlog takes one level before its text | xlog("L_ERR", "text\\n");',
    ],
    'xlog("a", "b", "c");': [
        '2:14 , | xlog takes a level and one text | xlog("L_ERR", "text\\n");',
    ],
    "if (1": [
        "2:6  | expected ')' and ';' after the number 1, before '}'",
    ],
    "$var(x) = f(": [
        "2:13  | expected ')' to close the call of f, before '}'",
    ],
    'f("a") $var(x) = 1;': [
        "2:7  | expected ';' after the call of f, before the variable $var(x)"
        " | every statement ends with ';', also the last one before '}'",
    ],
    "$var(x) = 1 + 2)": [
        "2:16 ) | unexpected ')' | expected ';'",
    ],
    "if ($var(x) == 5 { f(); } else { g(); }": [
        "2:18 { | expected ')' after the number 5, before '{'",
    ],
    "if ($si == 10.0.0.0/8 + 1) exit;": [
        "2:23 + | a condition does not compute"
        " | put the computation in square brackets: [$var(x) + 1], or into a variable first",
    ],
    "if ($var(x) > 10.0.0.1) exit;": [
        "2:15 10.0.0.1 | a network can be compared with == and != only, not with >",
    ],
    "if ($var(x) =~ 5) exit;": [
        '2:16 5 | =~ takes a text in quotes or a variable, not the number 5 | $var(x) =~ "^a"',
    ],
    "if ($var(x) =~ /a/) exit;": [
        '2:16 / | a regular expression is a text in quotes, without slashes | $var(x) =~ "^a"',
    ],
    "if ($var(x) < NULL) exit;": [
        "2:15 NULL | NULL can be compared with == and != only, not with <",
    ],
    "if ($var(x) == (1)) exit;": [
        "2:16 ( | the right side of == is one value | compute it into a variable first",
    ],
    "if ([1] == 2) exit;": [
        "2:9 == | what stands in [ ] cannot be compared | assign it to a variable and compare that",
    ],
    "if (-$var(x) == 1) exit;": [
        "2:6 $var(x) | '-' may stand before a number only, not before the variable $var(x) | write 0 - ...",
    ],
    "if (~1) exit;": [
        "2:5 ~ | a condition does not compute"
        " | put the computation in square brackets: [$var(x) + 1], or into a variable first",
    ],
    "if (1 2) exit;": [
        "2:7 2 | unexpected number 2 in a condition | expected ')'",
    ],
    "tag();": [
        "2:1 tag | 'tag' is a word of the language that begins no statement",
    ],
    "case 1: exit;": [
        "2:1 case | case outside a switch | switch ($var(x)) { case 1: ... default: ... }",
    ],
    "assert();": [
        "2:8 ) | the condition is empty | if ($var(x) == 1) { ... }",
    ],
    "$challenge.algorithm = 1;": [
        "2:15 orithm | the name $challenge.alg ends before 'or', which is an operator | write $(challenge.algorithm)",
    ],
    "$rc&&1;": [
        "2:4 && | a value alone is no statement | assign it ($rc = ...;) or print it with xlog",
    ],
    "if ($rc&&$rc or ) exit;": [
        "2:17 ) | nothing stands after 'or' | write a condition on both sides",
    ],
}

#: between the routes of a file
FILE: dict[str, list[str]] = {
    "event_route[E-GW] { exit; foo; }": [
        "1:14 - | 'E-GW' is no bare name: letters, digits and _, a letter first | quote it: event_route[\"E-GW\"]",
        "1:27 foo | 'foo' is no statement | a call needs parentheses: foo()",
    ],
    "event_route[E_A, E_B] { exit; }": [
        "1:16 , | event_route takes one name | write one route for each event; both may call the same route",
    ],
    "event_route { exit; }": [
        "1:13 { | event_route needs a name in square brackets | event_route[NAME] { ... }",
    ],
    "event_route() { exit; }": [
        "1:12 ( | the name of event_route stands in square brackets | event_route[NAME] { ... }",
    ],
    "event_route[] { exit; }": [
        "1:13 ] | event_route needs a name | event_route[NAME] { ... }",
    ],
    "event_route[E_X] { }": [
        "1:20 } | the body of this route is empty"
        " | write at least one statement; with a lone ';' the server skips the event routes that follow",
    ],
    "event_route[E_X]\nexit;\n}": [
        "2:1 exit | expected '{' after the head of event_route, before 'exit'",
    ],
    "event_route[E_X { exit; }": [
        "1:17 { | expected ']' after the name of event_route | event_route[NAME] { ... }",
    ],
    "event_route E_X { exit; }": [
        "1:13 E_X | event_route needs a name in square brackets | event_route[NAME] { ... }",
    ],
    "event_route[E_X] [ exit; ]": [
        "1:18 [ | the body of event_route stands in braces | { ... }",
    ],
    "route[x] { exit; };": [
        "1:19 ; | unexpected ';': a route is not followed by one | remove it",
    ],
    "route[x] { exit;\nevent_route[E] { foo; }": [
        "1:10 { | this '{' is never closed | add the missing '}' before the event_route of line 2: routes do not nest",
        "2:18 foo | 'foo' is no statement | a call needs parentheses: foo()",
    ],
    "route[x] { exit; } }": [
        "1:20 } | this '}' closes nothing | remove it, or look for a '}' too many above",
    ],
    "timer_route[t] { exit; }": [
        "1:14 ] | timer_route needs a name and a number of seconds | timer_route[NAME, 10] { ... }",
    ],
    "timer_route[t, x] { exit; }": [
        "1:16 x | timer_route needs a name and a number of seconds | timer_route[NAME, 10] { ... }",
    ],
    "startup_route[x] { exit; }": [
        "1:14 [ | startup_route takes no name | startup_route { ... }",
    ],
    "evnt_route[E] { exit; foo; }": [
        "1:1 evnt_route | unknown kind of route 'evnt_route' | did you mean 'event_route'?",
        "1:23 foo | 'foo' is no statement | a call needs parentheses: foo()",
    ],
    "rout { exit; }": [
        "1:1 rout | unknown kind of route 'rout' | did you mean 'route'?",
    ],
    "exit;": [
        "1:1 exit | 'exit' stands outside every route | statements belong in a body: event_route[NAME] { ... }",
    ],
    "$var(x) = 1;": [
        "1:1 $var(x) | the variable $var(x) stands outside every route"
        " | statements belong in a body: event_route[NAME] { ... }",
    ],
    "f();": [
        "1:1 f | the call of f stands outside every route | put it into event_route[NAME] { ... }",
    ],
    "log_levle = 3": [
        "1:1 log_levle | unknown setting 'log_levle' | did you mean 'log_level'?",
    ],
    'log_levle=3\nsokcet=udp:lo:5060 as "a" use_workers 2 foo="x"\nbar\n=1\nlog_level=3\nlog_levl=2': [
        "1:1 log_levle | unknown setting 'log_levle' | did you mean 'log_level'?",
        "2:1 sokcet | unknown setting 'sokcet' | did you mean 'socket'?",
        "2:41 foo | unknown setting 'foo'",
        "3:1 bar | unknown setting 'bar'",
        "6:1 log_levl | unknown setting 'log_levl' | did you mean 'log_level'?",
    ],
    "foo=1 { bar=2; }\nfoo=2 evnt_route[E] { bar=3; }": [
        "1:1 foo | unknown setting 'foo'",
    ],
    'log_level = "a"': [
        '1:13 "a" | log_level takes a number, not the text "a"',
    ],
    "log_level = 3;": [
        "1:14 ; | unexpected ';': a setting is not followed by one | remove it",
    ],
    "log_level 3": [
        "1:11 3 | expected '=' after the setting log_level | log_level = ...",
    ],
    "log_prefix = 5": [
        "1:14 5 | log_prefix takes a text in quotes, not the number 5",
    ],
    "socket = 5060": [
        "1:10 5060 | socket takes a socket such as udp:127.0.0.1:5060, not the number 5060",
    ],
    "loadmodule json.so": [
        '1:12 json | loadmodule takes a text in quotes | loadmodule "json.so"',
    ],
    'modparam("a", "b")': [
        '1:18 ) | unexpected \')\' in modparam | modparam("module", "parameter", "text" or a number)',
    ],
    "include_file a.cfg": [
        '1:1 include_file | include_file takes a path in quotes | at the start of a line: include_file "path"',
    ],
    "{ exit; }": [
        "1:1 { | this block belongs to no route | write event_route[NAME] before it",
    ],
    "route[alias] { exit; }": [
        "1:7 alias | 'alias' is a word of the language | as a name it needs quotes: route[\"alias\"]",
    ],
    "hello": [
        "1:1 hello | unknown word 'hello' | a route begins with event_route[NAME] {",
    ],
    'route[x] { exit; }\nxlog("a");\nroute[y] { foo; }': [
        "2:1 xlog | 'xlog' stands outside every route | statements belong in a body: event_route[NAME] { ... }",
        "3:12 foo | 'foo' is no statement | a call needs parentheses: foo()",
    ],
    "route { if ($ru == myself) exit; }": [
        "1:20 myself | 'myself' is no value | known up to 2.3: it is is_myself() now",
    ],
    "%event declare E_X ip\nxlog(1);\n": [
        "1:1 % | '%' begins no line of a script"
        " | lines of % are for cells of a notebook; a file may declare events: # %event declare E_X",
        "2:1 xlog | 'xlog' stands outside every route | statements belong in a body: event_route[NAME] { ... }",
    ],
}

#: in a notebook cell
CELL: dict[str, list[str]] = {
    "event_route[E] { exit; };": [
        "1:25 ; | unexpected ';': a route is not followed by one | remove it",
    ],
    'xlog("a")': [
        "1:10  | expected ';' after this statement"
        " | every statement ends with ';'; only a value may stand last without one",
    ],
    "$var(x) = 5": [
        "1:12  | expected ';' after the number 5, before the end of the text"
        " | every statement ends with ';', also the last one before '}'",
    ],
    "exit; }": [
        "1:7 } | this '}' closes nothing | remove it, or look for a '}' too many above",
    ],
    "foo = 5": [
        "1:1 foo | 'foo' is no variable | write $var(foo)",
    ],
    "debug=3\nlog_levl=3\nlog_level=3\nfoo bar": [
        "1:1 debug | unknown setting 'debug' | known up to 3.0: it is log_level now",
        "2:1 log_levl | unknown setting 'log_levl' | did you mean 'log_level'? a variable: $var(log_levl)",
        "4:1 foo | expected '(' after 'foo', before 'bar' | a call needs parentheses: foo(...)",
    ],
    "$var(x)++;": [
        "1:8 + | there is no '++' | write $var(x) += 1;",
    ],
    "exit;\n$var(x)--": [
        "2:8 - | there is no '--' | write $var(x) -= 1;",
    ],
    "ls": [
        "1:1 ls | expected '(' after 'ls', before the end of the text | a call needs parentheses: ls(...); a magic"
        " begins with %: %ls, a command of the system with !: !ls",
    ],
    "import os": [
        "1:1 import | 'import' is no statement"
        ' | modules are loaded with loadmodule "NAME.so", files with include_file "PATH"',
    ],
    "raise E_X ip=1": [
        "1:1 raise | 'raise' is no statement | a script writes raise_event(\"E_X\"); a cell also %raise E_X",
    ],
    "evnt_route[E] { exit; }": [
        "1:1 evnt_route | unknown kind of route 'evnt_route' | did you mean 'event_route'?",
    ],
    "request_route { exit; }": [
        "1:1 request_route | unknown kind of route 'request_route' | did you mean 'route'?",
    ],
    "$var(x) +": [
        "1:10  | the text ends in the middle of a statement | expected '(', a variable, a number or a text in quotes",
    ],
    "5 6": [
        "1:3 6 | unexpected number 6",
    ],
    "route[x] { exit; }\nexit": [
        "2:5  | expected ';' after this statement"
        " | every statement ends with ';'; only a value may stand last without one",
    ],
    "if (1) {": [
        "1:8 { | this '{' is never closed | add the missing '}'",
    ],
    'xlog("a': [
        '1:6 " | this string is never closed | add the missing "',
    ],
    "/* a": [
        "1:1 /* | this comment is never closed | end it with */",
    ],
    "switch ($var(x)) { case 1:": [
        "1:18 { | this '{' is never closed | add the missing '}'",
    ],
}


def told(text: str, *, scratch: bool = False) -> list[str]:
    _, found = parse(Source("test", text), scratch=scratch, version="3.6")
    lines = []
    for d in found:
        assert d.severity == "error"
        assert d.span is not None
        lines.append(f"{d.span.line}:{d.span.column} {d.span.text} | {d.message}" + (f" | {d.hint}" if d.hint else ""))
    return lines


@pytest.mark.parametrize("text", BODY)
def test_in_a_body(text: str) -> None:
    assert told(f"route[r] {{\n{text}\n}}") == BODY[text]


@pytest.mark.parametrize("text", FILE)
def test_between_routes(text: str) -> None:
    assert told(text) == FILE[text]


@pytest.mark.parametrize("text", CELL)
def test_in_a_cell(text: str) -> None:
    assert told(text, scratch=True) == CELL[text]


@pytest.mark.parametrize("text", BODY)
def test_a_line_before_moves_the_place_alone(text: str) -> None:
    def shifted(line: str) -> str:
        number, _, rest = line.partition(":")
        return f"{int(number) + 1}:{rest}"

    plain = told(f"route[r] {{\n{text}\n}}")
    moved = told(f"\nroute[r] {{\n{text}\n}}")
    # a message may name a line too
    assert [m.partition(" | ")[0] for m in moved] == [shifted(p).partition(" | ")[0] for p in plain]


@pytest.mark.parametrize("text", [t for t in BODY if "route[" not in t and "{" not in t])
def test_what_follows_is_read(text: str) -> None:
    """The routes and statements around a mistake have theirs reported too, and nothing else."""
    around = f"route[a] {{ one; }}\nroute[r] {{\n{text}\n}}\nroute[b] {{ two; }}"
    lines = told(around)
    assert "one" in lines[0]
    assert "two" in lines[-1]
    assert len(lines) <= len(BODY[text]) + 3


def test_all_errors_are_told_together() -> None:
    text = """
event_route[E-A] { foo; }
log_levle = 3
event_route[E_B] {
    xlog("a\\n")
    if (5 == $var(x)) { bar; } else { $var(y)++; }
    switch ($var(x)) { case 1 + 1: baz; default: break; }
    while (1) { continue; }
};
route[c] { return(1 + 1); exit(1) }
"""
    lines = [line.partition(" | ")[0] for line in told(text)]
    assert lines == [
        "2:14 -",
        "2:20 foo",
        "3:1 log_levle",
        "5:16 ",
        "6:11 ==",
        "6:25 bar",
        "6:46 +",
        "7:31 +",
        "7:36 baz",
        "8:17 continue",
        "9:2 ;",
        "10:21 +",
        "10:32 1",
    ]
