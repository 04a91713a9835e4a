"""Hypothesis strategies for JSON values and for lines that a client may send."""

import json

from hypothesis import strategies as st

any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)

ids = st.text(max_size=70)
client_lines = st.one_of(
    st.text(),
    any_json.map(json.dumps),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["send", "edit", "delete", "typing", "read", "auth", "ping", "hello", "x"])},
        optional={"id": ids | st.integers(), "body": any_json, "target": st.integers() | any_json, "seq": any_json},
    ).map(json.dumps),
)
