"""Figures as text for people."""


def params_text(figure):
    """What a figure was measured at."""
    shown = ((name, value if isinstance(value, str) else f"{value:,.10g}") for name, value in figure["params"].items())
    return ", ".join(f"{name} {value}" for name, value in shown)


def limit_text(figure):
    return f"{figure['ratio']:.0%} of {figure['limit']:,.0f}" if "limit" in figure else ""


def row(figure):
    # Shares are small, and two digits would tell nothing of them.
    digits = 5 if 0 < abs(figure["value"]) < 0.1 else 2
    value = f"{figure['name']:32} {figure['value']:>16,.{digits}f} {figure['unit']:4}"
    return f"{value} {params_text(figure)}  {limit_text(figure)}".rstrip()
