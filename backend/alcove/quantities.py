"""Format a number with its noun, for messages and logs."""


def quantity(number: int, singular: str) -> str:
    """Return the number, followed by the noun in its singular or plural form.

    Example:
        >>> quantity(1, "entry"), quantity(2, "entry"), quantity(0, "item")
        ('1 entry', '2 entries', '0 items')

    """
    plural = f"{singular[:-1]}ies" if singular.endswith("y") else f"{singular}s"
    return f"{number} {singular if number == 1 else plural}"
