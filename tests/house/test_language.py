"""Names, docstrings and comments use standard English and the terms of the field."""

import ast
import re

from tests.house.source import FUNCTIONS, PACKAGES, functions, modules, require_few
from tests.house.words import NO_FIRST_WORD, PARTICIPLE, PARTICIPLES_ALLOWED, WORDS


def private_words(in_prose):
    for module in modules(*PACKAGES):
        for line, text in module.prose() if in_prose else module.names():
            words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()  # TieBreak: tie_break
            for word in WORDS:
                pattern = f"(?<![a-z])(?:{(in_prose and word.in_prose) or word.pattern})(?![a-z])"
                if match := re.search(pattern, re.sub(word.allowed, "", words)):
                    name = match[0] if in_prose else text
                    yield f"{module.place(line, name)}: call it {word.standard}"


def is_statement(function):
    """A property that is true or false reads as one: `limited`."""
    kinds = [ast.unparse(how) for how in function.decorator_list]
    is_property = any(kind.endswith("property") for kind in kinds)
    return is_property and getattr(function.returns, "id", "") == "bool"


def test_names_use_no_private_words():
    require_few(private_words(in_prose=False))


def test_docstrings_and_comments_use_no_private_words():
    require_few(private_words(in_prose=True))


def test_a_docstring_begins_with_a_noun_phrase_or_a_verb():
    require_few(
        f"{module.place(getattr(node, 'lineno', 1), getattr(node, 'name', 'module'))}: {first[1]} …"
        for module in modules(*PACKAGES)
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS))
        if (first := NO_FIRST_WORD.match(ast.get_docstring(node) or ""))
    )


def test_a_function_is_named_by_a_noun_or_a_verb():
    require_few(
        place
        for place, node in functions(*PACKAGES)
        if PARTICIPLE.match(node.name)
        and node.name.strip("_").removesuffix("s") not in PARTICIPLES_ALLOWED
        and not is_statement(node)
    )
