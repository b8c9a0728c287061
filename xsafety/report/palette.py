"""The colours of the page and its charts, in light and in dark. Each light one of the charts is there once.

So the page can give what is drawn in light other values in the dark. Numbers on the heat map's colours have a contrast
of at least 4.5 to 1. The series are told apart with any colour vision (after Okabe and Ito), and differ in shape too.
"""

# fmt: off
PALETTE = {
    "page": "#ffffff", "ink": "#1c2024", "soft": "#565e66", "line": "#d9dde1", "band": "#e8edf1",
    "h0": "#fefefe", "h1": "#fff3e0", "h2": "#fee3bd", "h3": "#fdc98f",
    "h4": "#fca866", "h5": "#f07f4f", "h6": "#c92f20", "h7": "#8b0000",
    "on-low": "#1c1c1c", "on-mid": "#1b1b1b", "on-high": "#fdfdfd",
    "s0": "#0072b2", "s1": "#d55e00", "s2": "#008a65", "s3": "#b3568a", "s4": "#7a6a00", "s5": "#3f6fd1",
}
LIGHT = {
    **PALETTE,
    "faint": "#f4f6f7", "link": "#0b5c8e", "warn": "#fff4d6", "warn-line": "#c98a00",
    "good": "#e9f5ec", "good-line": "#2f855a", "bad": "#fdecea", "bad-line": "#c0392b",
}
DARK = {
    "page": "#15181b", "ink": "#e6e8ea", "soft": "#a3abb3", "line": "#363c42", "band": "#272d33",
    "h0": "#15181b", "h1": "#2c211b", "h2": "#44291b", "h3": "#61331a",
    "h4": "#87401a", "h5": "#a84a1a", "h6": "#f0904a", "h7": "#ffd0a8",
    "on-low": "#f2f2f2", "on-mid": "#ffffff", "on-high": "#141414",
    "s0": "#5cb0e6", "s1": "#f08a3c", "s2": "#3fc79a", "s3": "#e093bd", "s4": "#d6c23f", "s5": "#8fb0ff",
    "faint": "#1e2226", "link": "#7cc0ec", "warn": "#352a0c", "warn-line": "#d9a21b",
    "good": "#14291d", "good-line": "#4caf7a", "bad": "#361a17", "bad-line": "#ef7d70",
}
# fmt: on
