"""Makes up expressions out of Terraform's functions and operators, mostly of fitting types."""

from __future__ import annotations

import re
from random import Random

_LEAVES = {
    "n": ["0", "1", "2", "3", "-4", "1.5", "0.1", "10", "1000000", '"7"', "null"],
    "w": ['"a"', '"b-c"', '""', '"10"', '"é x"', '"true"', '"A,b"', "5"],
    "t": ["true", "false", '"true"'],
    "l": ["[]", "[1, 2]", '["b", "a"]', '[3, "a", true]', "[1.5]", '["a", null]', "[[1], [2]]"],
    "s": ['toset(["b", "a"])', "toset([10, 9])", "toset([])"],
    "m": ["{}", "{ a = 1 }", '{ b = "x", a = 2 }', "tomap({ b = 1, a = 2 })", "{ b = [1] }"],
}
"""Kind → literals of it: numbers, words, truths, lists, sets, maps."""

_FORMS = {
    "n": """
max(<n>, <n>)
min(<n>, <l>...)
ceil(<n>)
floor(<n> / 3)
(<n> + <n>)
(<n> - <n> * 2)
<n> % <n>
-(<n>)
length(<l>)
length(<w>)
tonumber(<w>)
try(<m>.b, <n>)
element(<l>, <n>)
<l>[<n>]
lookup(<m>, "b", <n>)
coalesce(<n>, <n>)
sum(<l>)
index(<l>, <n>)
one(<s>)
(<t> ? <n> : 8)
signum(<n>)
abs(<n>)
pow(<n>, 2)
parseint(<w>, 16)
""",
    "w": """
"${<w>}-${<n>}"
"%{ if <t> }x%{ else }${<n>}%{ endif }"
"%{ for x in <l> }<${x}>%{ endfor }"
format("%s:%v", <w>, <n>)
format("%05d|%-4s", <n>, <w>)
join(",", <l>)
upper(<w>)
substr(<w>, <n>, 2)
replace(<w>, "a", <w>)
replace(<w>, "/[a-b]/", "<$0>")
trimspace(<w>)
tostring(<n>)
(<n> > 1 ? <w> : 5)
jsonencode(<l>)
jsonencode(<m>)
coalesce(<w>, <w>)
title(<w>)
trimprefix(<w>, "a")
""",
    "t": """
(<n> < <n>)
(<n> == <w>)
(<l> != <s>)
(<l> == <l>)
(<m> == <m>)
(<t> && <t>)
(<t> || <t>)
!(<t>)
contains(<l>, <n>)
contains(keys(<m>), <w>)
can(<m>.b)
can(<l>[<n>])
alltrue([for x in <l> : x != <n>])
startswith(<w>, <w>)
anytrue(<l>)
""",
    "l": """
[<n>, <n>]
[<m>, <m>]
concat(<l>, <l>)
flatten([<l>, <s>])
distinct(<l>)
reverse(<l>)
sort(<l>)
compact(<l>)
tolist(<s>)
tolist(<l>)
slice(<l>, 0, <n>)
chunklist(<l>, 2)[<n>]
chunklist(<l>, 2)
setproduct(<l>, <l>)
[for x in <l> : x if x != <n>]
[for i, x in <l> : i]
[for k, v in <m> : v]
[for k, v in <s> : "${k}-${v}"]
keys(<m>)
values(<m>)
range(<n>)
coalescelist(<l>, <l>)
[<m>, <m>][*].b
matchkeys(<l>, <l>, <l>)
split(",", <w>)
formatlist("%s-%s", <l>, <n>)
regexall("[a-z]", <w>)
(<n> > 1 ? <l> : [])
(<t> ? <l> : <l>)
""",
    "s": """
toset(<l>)
setunion(<l>, <l>)
setintersection(<l>, <l>)
setsubtract(<l>, <l>)
toset(setproduct(<l>, <l>))
setproduct(<s>, <s>)
(<t> ? <s> : <l>)
""",
    "m": """
merge(<m>, <m>)
tomap(<m>)
zipmap(<l>, <l>)
zipmap(["a", "b"], <l>)
{for k, v in <m> : v => k...}
{for k, v in <m> : k => v if v != <n>}
{for x in <s> : x => <n>}
{ b = <l>, ("k") = <n> }
(<n> > 1 ? <m> : {})
(<t> ? <m> : <m>)
""",
}
"""Kind → what gives it, with `<kind>` where an expression of some kind goes."""

_PLACE = re.compile("<([nwtlsm])>")


def composed(random: Random, kind: str | None = None, depth: int = 3) -> str:
    """Return a composition of at most `depth` calls within each other."""
    kind = kind or random.choice("nwtlsm")
    if depth == 0 or random.random() < 0.25:
        return random.choice(_LEAVES[kind])
    form = random.choice(_FORMS[kind].strip().splitlines())
    return _PLACE.sub(lambda place: composed(random, place[1], depth - 1), form)
