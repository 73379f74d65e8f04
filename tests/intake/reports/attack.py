"""An attacker with patience: whole numbers between bounds, sums between bounds, and the question what must be true.

Only for tests. Bounds are narrowed until nothing moves; then each candidate is tried, and what is left is searched.
"""


def narrowed(bounds: dict, sums: list) -> dict | None:
    """The bounds after every sum has had its say; None where they contradict each other.

    `sums`: ({cell: factor of 1 or -1}, lowest, highest).
    """
    bounds, moved = dict(bounds), True
    while moved:
        moved = False
        for factors, lowest, highest in sums:
            least = sum(extreme(bounds[cell], factor)[0] for cell, factor in factors.items())
            most = sum(extreme(bounds[cell], factor)[1] for cell, factor in factors.items())
            for cell, factor in factors.items():
                low, high = extreme(bounds[cell], factor)
                new = (max(low, lowest - most + high), min(high, highest - least + low))
                if new != (low, high):
                    if new[0] > new[1]:
                        return None
                    bounds[cell], moved = extreme(new, factor), True
                    least, most = least + new[0] - low, most + new[1] - high
    return bounds


def extreme(bounds, factor):
    low, high = bounds
    return (low, high) if factor == 1 else (-high, -low)


def possible(bounds: dict, sums: list) -> bool:
    """Whether any whole numbers satisfy all of it. Searched to the end."""
    bounds = narrowed(bounds, sums)
    if bounds is None:
        return False
    open_cells = [cell for cell, (low, high) in bounds.items() if low < high]
    if not open_cells:
        return True
    cell = min(open_cells, key=lambda each: bounds[each][1] - bounds[each][0])
    low, high = bounds[cell]
    return any(possible({**bounds, cell: (value, value)}, sums) for value in range(low, high + 1))


def recovered(bounds: dict, sums: list, secrets: dict) -> dict:
    """The secrets that can have no other value."""
    found = narrowed(bounds, sums)
    known = {}
    for cell, value in secrets.items():
        low, high = found[cell]
        others = near(value, low, high)
        if not any(possible({**found, cell: (other, other)}, sums) for other in others):
            known[cell] = value
    return known


def near(value, low, high):
    """The other candidates, the likeliest first."""
    return sorted(
        (each for each in range(low, high + 1) if each != value), key=lambda each: abs(each - value)
    )
