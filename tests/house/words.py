"""Words that the code does without, and the standard ones to use instead."""

import re
from typing import NamedTuple


class Word(NamedTuple):
    """`pattern` matches whole words, with `_` between those of a name; `allowed` is no match."""

    pattern: str
    standard: str
    allowed: str = "$"
    in_prose: str = ""  # where docstrings and comments have another pattern


WORDS = (
    Word("flaw(s|ed)?", "integrality violations, simultaneous flows"),
    Word("trickl(e|es|ed|ing)", "below minimum power"),
    Word("wish(es|ed)?", "tie-break cost, soft limit"),
    Word("(un)?settl(e|es|ed|ing|ement)", "fix_bounds, FixedLp, dispatch"),
    Word("tid(y|ied|ies|ier|ying)|untied", "break_ties; clean up"),
    Word("calm(s|er|est|ly|ed)?", "smooth; idle, of a thread"),
    Word("sift(s|ed|ing)?", "whatever remains: the complete programme goes to HiGHS"),
    Word("tempt(s|ed|ing|ation)?", "profitable cycle"),
    Word("both_ways", "simultaneous flows"),
    Word("unmet", "shortfall", allowed='"unmet"'),  # the code of a warning, part of the contract
    Word(
        "[a-z]*worth[a-z]*",
        "marginal value, terminal value",
        in_prose=r"[a-z]+_worth|worth_[a-z]+|worths|`worth|worth (of|:)"
        "|(the|its|their|whose|of|end|periodic|marginal|terminal) worth",  # "is worth" is English
    ),
    Word("courses?", "trajectory", allowed=r"\bof course\b"),
    Word("faces?", "optimal_face", allowed=r"optimal[_ ]faces?"),
    Word("pool(ed|ing)", "aggregate, aggregation"),
    Word("foreign_code", "as_solver_error"),
    Word("journal(s|led)?", "plan log", allowed="journal of"),  # a reference
    Word("complain(s|t|ts|ed|ing)?", "warning"),
    Word("writes?_up", "render"),
    Word("catch(es)?_up", "flush"),
    Word("lets?_go", "drop"),
    Word("hir(e|es|ed|ing)", "start_thread"),
    Word("descents?", "local search", allowed="(coordinate|gradient)[_ ]descent"),
    Word("dealt", "redistribute"),
    Word("pour(s|ed|ing)?", "water_fill"),
)

NO_FIRST_WORD = re.compile(r"\W*(what|whether|who|how|where|when|why|that)\b", re.IGNORECASE)
"""A docstring begins with a noun phrase or an imperative verb."""

PARTICIPLE = re.compile(
    r"_*(?!(?:need|feed|seed|speed|exceed|proceed|succeed|embed|shed|bed|red)(?:_|$))"
    r"([a-z]+ed|begun|bent|bought|broken|brought|built|caught|chosen|dealt|done|drawn|driven|fallen"
    r"|forgotten|found|frozen|given|gone|grown|heard|held|hidden|kept|known|laid|left|lent|lost"
    r"|made|meant|met|paid|proven|said|seen|sent|shown|sold|spent|stuck|taken|taught|thought|thrown"
    r"|told|torn|understood|won|worn|written)(_|$)"
)

PARTICIPLES_ALLOWED = {
    "curtailed": "a term of the glossary: solar not taken",
    "stored": "a term of the glossary: energy in the battery at an instant",
    "elapsed": "the usual word for time since a start",
    "metered_peak": "what a demand charge bills",
}
"""Names of functions, and why; properties that are true or false need no entry."""
