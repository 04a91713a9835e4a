"""Check that a member's name has a character that other members can see."""

import unicodedata

#: Unicode general categories: controls, formats, unassigned, private use, surrogates, separators, and marks, which need
#: a base character.
_INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn", "Zl", "Zp", "Zs"}
#: Letters and symbols without a glyph: the fillers of Hangul, and the Braille pattern without dots.
_FILLERS = set("\u115f\u1160\u3164\uffa0\u2800")
#: The message of errors about a name without such a character.
NO_VISIBLE_CHARACTER = "a name needs at least one visible character"


def has_visible_character(name: str) -> bool:
    """Return whether a name has at least one visible character: not only controls, spaces, marks and fillers."""
    return any(unicodedata.category(char) not in _INVISIBLE and char not in _FILLERS for char in name)
