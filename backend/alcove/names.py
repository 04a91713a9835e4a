"""Which names a member may have: others must be able to see them."""

import unicodedata

#: Unicode general categories: controls, formats, unassigned, separators, and marks, which are seen on other signs only.
_INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn", "Zl", "Zp", "Zs"}
#: Letters and symbols that are drawn as nothing: the fillers of Hangul, and the Braille pattern without dots.
_FILLERS = set("\u115f\u1160\u3164\uffa0\u2800")
NOTHING_VISIBLE = "a name needs at least one visible character"


def is_visible(name: str) -> bool:
    """Tell whether a name has at least one character that is seen."""
    return any(unicodedata.category(sign) not in _INVISIBLE and sign not in _FILLERS for sign in name)
